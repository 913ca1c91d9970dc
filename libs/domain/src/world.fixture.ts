// A world as tests tell it.
import type { AgentId, AnyEvent, StreamName, TaskId, Version } from '#contracts';
import { evolveWorld, newWorld, type World } from './world.js';

/** An event, and the stream in which it happened. */
export type Happened = readonly [string, AnyEvent];

/** Folds events, one second apart, into a world. */
export const worldOf = (...events: readonly Happened[]): World => {
  const world = newWorld();
  const versions = new Map<string, number>();
  for (const [index, [stream, told]] of events.entries()) {
    const version = (versions.get(stream) ?? 0) + 1;
    versions.set(stream, version);
    evolveWorld(world, {
      ...told,
      ...subjectOf(stream),
      id: `${stream}@${version}`,
      stream: stream as StreamName,
      version: version as Version,
      position: index + 1,
      time: (index + 1) * 1000,
      actor: 'person:ada',
    });
  }
  return world;
};

const subjectOf = (stream: string) => {
  const id = stream.slice(stream.indexOf('-') + 1);
  if (stream.startsWith('task-')) return { taskId: id as TaskId };
  return stream.startsWith('agent-') ? { agentId: id as AgentId } : {};
};
