/**
 * Every field of the ECS field reference, as the npm package @elastic/ecs 9.4.0 has it: names and types, nothing else. Written by
 * packaging/generate-ecs-table.ts, read by ecs-fields.ts.
 *
 * A name without a type is a `keyword`, one with `:[]` a `keyword[]`. What is in braces is below the name before it. `name=set`: below the
 * name is what the line that begins with `=set` has. A line that begins with a space belongs to the line before it.
 */
export const ecsVersion = '9.4.0';

export const ecsTable = `
=administers entity.id:[] host{ id:[] name:[] } service{ id:[] name:[] } user{ domain:[] email:[] id:[] name:[] }
=attributes known_redirects:[] managed:boolean mfa_enabled:boolean oauth_consent_restriction permissions:[] storage_class
=changes domain email entity=entity full_name group{ domain id name } hash id name risk=risk roles:[]
=client address as{ number:long organization.name } bytes:long domain geo=geo ip:ip mac nat{ ip:ip port:long } packets:long
  port:long registered_domain subdomain top_level_domain user=user
=code_signature digest_algorithm exists:boolean flags signing_id status subject_name team_id thumbprint_sha256 timestamp:date
  trusted:boolean valid:boolean
=elf architecture byte_order cpu_type creation_date:date exports:flattened[] go_import_hash go_imports:flattened
  go_imports_names_entropy:long go_imports_names_var_entropy:long go_stripped:boolean header=header import_hash
  imports:flattened[] imports_names_entropy:long imports_names_var_entropy:long sections:nested[]=sections_2 segments:nested[]{
  sections type } shared_libraries:[] telfhash
=entity attributes=attributes behavior:object display_name id last_seen_timestamp:date lifecycle.last_activity:date metrics:object
  name raw:object reference relationships=relationships source sub_type type:[]
=file accessed:date attributes:[] code_signature=code_signature created:date ctime:date device directory drive_letter elf=elf
  extension fork_name gid group hash{ cdhash md5 sha1 sha256 sha384 sha512 ssdeep tlsh } inode mime_type mode mtime:date name
  origin_referrer_url origin_url owner path pe=pe size:long target_path type uid x509=x509
=geo city_name continent_code continent_name country_iso_code country_name location:geo_point name postal_code region_iso_code
  region_name timezone
=header abi_version class data entrypoint:long object_version os_abi type version
=issuer common_name:[] country:[] distinguished_name locality:[] organization:[] organizational_unit:[] state_or_province:[]
=macho go_import_hash go_imports:flattened go_imports_names_entropy:long go_imports_names_var_entropy:long go_stripped:boolean
  import_hash imports:flattened[] imports_names_entropy:long imports_names_var_entropy:long sections:nested[]=sections symhash
=network egress{ bytes:long packets:long } ingress{ bytes:long packets:long }
=origin account{ id name } availability_zone entity=entity instance{ id name } machine.type project{ id name } provider region
  service.name
=origin_2 address entity=entity environment ephemeral_id id name node{ name role roles:[] } state type version
=parent entity_id pid:long session_leader{ entity_id pid:long start:date vpid:long } start:date vpid:long
=pe architecture company description file_version go_import_hash go_imports:flattened go_imports_names_entropy:long
  go_imports_names_var_entropy:long go_stripped:boolean imphash import_hash imports:flattened[] imports_names_entropy:long
  imports_names_var_entropy:long original_file_name pehash product sections:nested[]=sections
=relationships administers=administers depends_on=administers owns=administers supervises=administers
=risk calculated_level calculated_score:float calculated_score_norm:float static_level static_score:float static_score_norm:float
=sections entropy:long name physical_size:long var_entropy:long virtual_size:long
=sections_2 chi2:long entropy:long flags name physical_offset physical_size:long type var_entropy:long virtual_address:long
  virtual_size:long
=url domain extension fragment full:wildcard original:wildcard password path:wildcard port:long query registered_domain scheme
  subdomain top_level_domain username
=user domain email full_name group{ domain id name } hash id name roles:[]
=x509 alternative_names:[] issuer=issuer not_after:date not_before:date public_key_algorithm public_key_curve
  public_key_exponent:long public_key_size:long serial_number signature_algorithm subject=issuer version_number
@timestamp:date
agent{ build.original ephemeral_id id name type version }
client=client
cloud{ account{ id name } availability_zone entity=entity instance{ id name } machine.type origin=origin project{ id name }
  provider region service.name target=origin }
container{ cpu.usage:scaled_float disk{ read.bytes:long write.bytes:long } id image{ hash.all:[] name tag:[] } labels:object
  memory.usage:scaled_float name network{ egress.bytes:long ingress.bytes:long } runtime security_context.privileged:boolean }
data_stream{ dataset:constant_keyword namespace:constant_keyword type:constant_keyword }
destination=client
device{ id manufacturer model{ identifier name } product{ id name } serial_number type vendor{ id name } }
dll{ code_signature=code_signature hash{ cdhash md5 sha1 sha256 sha384 sha512 ssdeep tlsh } name origin_referrer_url origin_url
  path pe=pe }
dns{ answers:object[]{ class data name ttl:long type } header_flags:[] id op_code question{ class name registered_domain subdomain
  top_level_domain type } resolved_ip:ip[] response_code type }
ecs.version
email{ attachments:nested[]{ file{ extension hash{ cdhash md5 sha1 sha256 sha384 sha512 ssdeep tlsh } mime_type name size:long } }
  bcc.address:[] cc.address:[] content_type delivery_timestamp:date direction from.address:[] local_id message_id:wildcard
  origination_timestamp:date reply_to.address:[] sender.address subject to.address:[] x_mailer }
entity{ attributes=attributes behavior:object display_name id last_seen_timestamp:date lifecycle.last_activity:date metrics:object
  name raw:object reference relationships=relationships source sub_type target=entity type:[] }
error{ code id message:match_only_text stack_trace:wildcard type }
event{ action agent_id_status category:[] code created:date dataset duration:long end:date hash id ingested:date kind module
  original outcome provider reason reference risk_score:float risk_score_norm:float sequence:long severity:long start:date
  timezone type:[] url }
faas{ coldstart:boolean execution id name trigger{ request_id type } version }
file{ accessed:date attributes:[] code_signature=code_signature created:date ctime:date device directory drive_letter elf=elf
  extension fork_name gid group hash{ cdhash md5 sha1 sha256 sha384 sha512 ssdeep tlsh } inode macho=macho mime_type mode
  mtime:date name origin_referrer_url origin_url owner path pe=pe size:long target_path type uid x509=x509 }
gen_ai{ agent{ description id name } operation.name output.type request{ choice.count:integer encoding_formats:nested
  frequency_penalty:double max_tokens:integer model presence_penalty:double seed:integer stop_sequences:nested temperature:double
  top_k:double top_p:double } response{ finish_reasons:nested id model } system token.type tool{ call.id name type } usage{
  input_tokens:integer output_tokens:integer } }
group{ domain id name }
host{ architecture boot.id cpu.usage:scaled_float disk{ read.bytes:long write.bytes:long } domain entity=entity geo=geo hostname
  id ip:ip[] mac:[] name network=network os{ family full kernel name platform type version } pid_ns_ino risk=risk target{
  architecture boot.id cpu.usage:scaled_float disk{ read.bytes:long write.bytes:long } domain entity=entity geo=geo hostname id
  ip:ip[] mac:[] name network=network os{ family full kernel name platform type version } pid_ns_ino risk=risk type uptime:long }
  type uptime:long }
http{ request{ body{ bytes:long content:wildcard } bytes:long id method mime_type referrer } response{ body{ bytes:long
  content:wildcard } bytes:long mime_type status_code:long } version }
labels:object
log{ file.path level logger origin{ file{ line:long name } function } syslog{ appname facility{ code:long name } hostname msgid
  priority:long procid severity{ code:long name } structured_data:flattened version } }
message:match_only_text
network{ application bytes:long community_id direction forwarded_ip:ip iana_number inner.vlan{ id name } name packets:long
  protocol transport type vlan{ id name } }
observer{ egress{ interface{ alias id name } vlan{ id name } zone } geo=geo hostname ingress{ interface{ alias id name } vlan{ id
  name } zone } ip:ip[] mac:[] name os{ family full kernel name platform type version } product serial_number type vendor version
  }
orchestrator{ api_version cluster{ id name url version } entity=entity namespace organization resource{ annotation:[] id ip:ip[]
  label:[] name parent.type type } type }
organization{ id name }
package{ architecture build_version checksum description install_scope installed:date license name path reference size:long type
  version }
process{ args:[] args_count:long code_signature=code_signature command_line:wildcard elf=elf end:date entity_id entry_leader{
  args:[] args_count:long attested_groups.name attested_user{ id name } command_line:wildcard entity_id entry_meta{ source.ip:ip
  type } executable group{ id name } interactive:boolean name parent=parent pid:long real_group{ id name } real_user{ id name }
  same_as_process:boolean saved_group{ id name } saved_user{ id name } start:date supplemental_groups{ id name } tty.char_device{
  major:long minor:long } user{ id name } vpid:long working_directory } env_vars:[] executable exit_code:long group{ id name }
  group_leader{ args:[] args_count:long command_line:wildcard entity_id executable group{ id name } interactive:boolean name
  pid:long real_group{ id name } real_user{ id name } same_as_process:boolean saved_group{ id name } saved_user{ id name }
  start:date supplemental_groups{ id name } tty.char_device{ major:long minor:long } user{ id name } vpid:long working_directory }
  hash{ cdhash md5 sha1 sha256 sha384 sha512 ssdeep tlsh } interactive:boolean io{ bytes_skipped:object[]{ length:long offset:long
  } max_bytes_per_process_exceeded:boolean text:wildcard total_bytes_captured:long total_bytes_skipped:long type } macho=macho
  name parent{ args:[] args_count:long code_signature=code_signature command_line:wildcard elf=elf end:date entity_id executable
  exit_code:long group{ id name } group_leader{ entity_id pid:long start:date vpid:long } hash{ cdhash md5 sha1 sha256 sha384
  sha512 ssdeep tlsh } interactive:boolean macho=macho name pe=pe pid:long real_group{ id name } real_user{ id name } saved_group{
  id name } saved_user{ id name } start:date supplemental_groups{ id name } thread{ capabilities{ effective:[] permitted:[] }
  id:long name } title tty.char_device{ major:long minor:long } uptime:long user{ id name } vpid:long working_directory } pe=pe
  pid:long previous{ args:[] args_count:long executable } real_group{ id name } real_user{ id name } saved_group{ id name }
  saved_user{ id name } session_leader{ args:[] args_count:long command_line:wildcard entity_id executable group{ id name }
  interactive:boolean name parent=parent pid:long real_group{ id name } real_user{ id name } same_as_process:boolean saved_group{
  id name } saved_user{ id name } start:date supplemental_groups{ id name } tty.char_device{ major:long minor:long } user{ id name
  } vpid:long working_directory } start:date supplemental_groups{ id name } thread{ capabilities{ effective:[] permitted:[] }
  id:long name } title tty{ char_device{ major:long minor:long } columns:long rows:long } uptime:long user{ id name } vpid:long
  working_directory }
registry{ data{ bytes strings:wildcard[] type } hive key path value }
related{ hash:[] hosts:[] ip:ip[] user:[] }
rule{ author:[] category description id license name reference ruleset uuid version }
server=client
service{ address entity=entity environment ephemeral_id id name node{ name role roles:[] } origin=origin_2 state target=origin_2
  type version }
source=client
span.id
tags:[]
threat{ enrichments:nested[]{ indicator{ as{ number:long organization.name } confidence description email.address file=file
  first_seen:date geo=geo ip:ip last_seen:date marking{ tlp tlp_version } modified_at:date name port:long provider reference
  registry{ data{ bytes strings:wildcard[] type } hive key path value } scanner_stats:long sightings:long type url=url x509=x509 }
  matched{ atomic field id index occurred:date type } } feed{ dashboard_id description name reference } framework group{ alias:[]
  id name reference } indicator{ as{ number:long organization.name } confidence description email.address file=file
  first_seen:date geo=geo id:[] ip:ip last_seen:date marking{ tlp tlp_version } modified_at:date name port:long provider reference
  registry{ data{ bytes strings:wildcard[] type } hive key path value } scanner_stats:long sightings:long type url=url x509=x509 }
  software{ alias:[] id name platforms:[] reference type } tactic{ id:[] name:[] reference:[] } technique{ id:[] name:[]
  reference:[] subtechnique{ id:[] name:[] reference:[] } } }
tls{ cipher client{ certificate certificate_chain:[] hash{ md5 sha1 sha256 } issuer ja3 not_after:date not_before:date server_name
  subject supported_ciphers:[] x509=x509 } curve established:boolean next_protocol resumed:boolean server{ certificate
  certificate_chain:[] hash{ md5 sha1 sha256 } issuer ja3s not_after:date not_before:date subject x509=x509 } version
  version_protocol }
trace.id
transaction.id
url=url
user{ changes=changes domain effective=changes email entity=entity full_name group{ domain id name } hash id name risk=risk
  roles:[] target=changes }
user_agent{ device.name name original os{ family full kernel name platform type version } version }
volume{ bus_type default_access device_name device_type dos_name file_system_type mount_name nt_name product_id product_name
  removable:boolean serial_number size:long vendor_id vendor_name writable:boolean }
vulnerability{ category:[] classification description enumeration id reference report_id scanner.vendor score{ base:float
  environmental:float temporal:float version } severity }
`;
