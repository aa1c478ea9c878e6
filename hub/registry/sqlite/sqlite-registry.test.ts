import { registryContract } from '../registry-contract.ts';
import { openRegistryFixture } from './registry-fixture.ts';

registryContract('sqlite', () => openRegistryFixture());
registryContract('sqlite with its thread', () => openRegistryFixture({ thread: true }));
