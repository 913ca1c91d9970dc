import { randomUUID } from 'node:crypto';
import { fold, task } from '../../../dist/libs/domain/src/index.js';
import { commandHash, newId, RedisEventStore } from '../../../dist/libs/event-store/src/index.js';

/** Ours, behind the four methods that all contestants have. */
export const open = async (path) => {
  const store = await RedisEventStore.open({ redis: { path } });
  return {
    stream: () => `task-${randomUUID()}`,
    append: async (stream, version, events) => {
      try {
        await store.append({
          commandId: newId(),
          commandHash: commandHash(version),
          actor: 'worker:bench',
          writes: [{ stream, guard: { kind: 'exact', version }, events }],
        });
        return true;
      } catch (error) {
        if (error.code === 'log.version-conflict') return false;
        throw error;
      }
    },
    newer: async (stream, version) => (await store.read(stream, version + 1)).length,
    rebuild: async (stream) => {
      const events = await store.read(stream);
      fold(task, events);
      return events.length;
    },
    close: () => store.close(),
  };
};
