/**
 * Lua for every library whose functions must notice another master: `masterOf(runId)`, to be called within a function.
 *
 * A run_id alone is not enough. A master that was cut off becomes a replica of its successor, throws away what the successor does not have,
 * and may be made master again: the same process with other data. Its replication id is a new one with each promotion (`REPLICAOF NO ONE`,
 * Sentinel, Cluster). It also is when the first replica comes, or after an hour without one: then nothing was lost, and hubs that verify the
 * master once more do no harm.
 *
 * The server is asked in the call itself, about 4 µs: what a connection was told when it was made may be of an earlier reign.
 */
export const masterHistory = String.raw`
local function masterOf(runId)
  local history = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
  return runId .. ' ' .. (history or '-')
end
`;
