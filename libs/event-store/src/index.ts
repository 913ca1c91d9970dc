export * from './event-store.js';
export { RedisEventStore, type RedisEventStoreOptions } from './redis-event-store.js';
export { InMemoryEventStore } from './in-memory-event-store.js';
export { execute, type CommandOf, type Decided, type DeciderOf, type Executed, type Execution } from './execute.js';
export { commandHash } from './command-hash.js';
export { newId } from './new-id.js';
export { CHANNEL, DEFAULT_PREFIX, keysOf, type Keys } from './keys.js';
export { MAX_BYTES, MAX_EVENTS } from './prepare.js';
export { upcast, TODAY, type Schema, type Upcaster, type Upcasters } from './upcast.js';
