import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import {
  HyperRunError,
  isHyperRunError,
  sprintStream,
  taskStream,
  type EventData,
  type Recorded,
  type SealedHead,
  type SprintId,
  type StreamName,
} from '#contracts';
import { LeftOver, requireArchivable, sprint, type ArchiveFacts, type Completed } from '#domain';
import { toRecorded, type ArchivedParts, type EventStore, type StoredBytes } from '#event-store';
import { packArchive, verifyExport, type ExportEnd } from '#seal';
import { failpoint } from '../config/failpoint.js';
import { EVENT_STORE } from '../log/log.port.js';
import { foldUntil, type Issued } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { SprintDecisions } from '../world/sprint-decisions.port.js';
import { ArchiveFiles } from './archive-files.port.js';

export interface Archived {
  readonly archive: ArchiveFacts;
  readonly cursor: string;
}

/**
 * All streams of a finished sprint are written to a file, read back and compared; that is recorded; then the log lets go of
 * the events of its tasks. Whoever dies in between leaves a state from which the same command goes on.
 */
export class ArchiveSprintCommand extends Command<Archived> {
  constructor(
    readonly sprintId: SprintId,
    readonly issued: Issued,
  ) {
    super();
  }
}

/** Somebody may still write to a task while it is written to the file: an alert that is acknowledged, say. */
const TRIES = 5;

@CommandHandler(ArchiveSprintCommand)
export class ArchiveSprintHandler implements ICommandHandler<ArchiveSprintCommand> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly files: ArchiveFiles,
    private readonly decisions: SprintDecisions,
    private readonly live: LiveWorld,
  ) {}

  async execute({ sprintId, issued }: ArchiveSprintCommand): Promise<Archived> {
    for (let tried = 1; ; tried++) {
      try {
        const state = await this.state(sprintId);
        const archive = state.archive ?? (await this.record(state, issued));
        await this.letGo(state, archive);
        return { archive, cursor: this.store.cursorOf(await this.store.top()) };
      } catch (error) {
        if (tried === TRIES || !isHyperRunError(error, 'log.version-conflict')) throw error;
      }
    }
  }

  private async state(sprintId: SprintId): Promise<Completed> {
    const state = foldUntil(sprint, await this.store.read(sprintStream(sprintId)));
    requireArchivable(state);
    return state;
  }

  private async record(state: Completed, issued: Issued): Promise<ArchiveFacts> {
    const { archive, end } = await this.write(state);
    failpoint('archive.written');
    await this.readBack(archive, end, state.sprintId);
    const own = sprintStream(state.sprintId);
    const { state: after } = await this.decisions.make(
      state.sprintId,
      { type: 'archive', archive },
      issued,
      async () => {
        const { version } = await this.store.head(own);
        const told = archive.heads.find(({ stream }) => stream === own)?.version;
        if (version !== told)
          throw new HyperRunError('log.version-conflict', `${own} was written to while it was archived.`, {}, 'retry');
        return checksOf(archive.heads, own);
      },
    );
    failpoint('archive.recorded');
    if (after.status !== 'completed' || after.archive === undefined)
      throw new HyperRunError('sprint.not-completed', `Sprint ${state.sprintId} was not archived.`);
    return after.archive;
  }

  private async write(state: Completed): Promise<{ archive: EventData<'sprint.archived'>; end: ExportEnd }> {
    const { sprintId } = state;
    const left = new LeftOver();
    let end: ExportEnd | undefined;
    const partOf = (stream: StreamName, tell: (told: Recorded) => void) => ({
      stream,
      records: whole(stream, this.store.readBytes(stream), tell),
    });
    const own = partOf(sprintStream(sprintId), () => undefined);
    const tasks = tasksOf(state).map((stream) => partOf(stream, (told) => left.add(told)));
    const source = { sprintId, incarnation: this.store.incarnation, streams: [own, ...tasks] };
    const { digest, bytes } = await this.files.put(packArchive(source, (told) => (end = told)));
    if (end === undefined) throw new Error('An archive without an end was written.');
    return {
      archive: { digest, bytes, heads: end.heads, count: end.events, left: left.end(this.live.world) },
      end,
    };
  }

  /** As somebody else would do it: from the disk, every hash made anew, and led to the heads that were read from the log. */
  private async readBack(
    { digest }: EventData<'sprint.archived'>,
    { events, heads }: ExportEnd,
    sprintId: SprintId,
  ): Promise<void> {
    const anchors = heads.map((head) => ({ head, from: 'the log' }));
    const verified = await verifyExport(this.files.lines({ digest, sprintId }), anchors);
    if (verified.valid && verified.events === events) return;
    const found = verified.problems[0]?.text ?? `it holds ${verified.events} of ${events} events.`;
    throw new HyperRunError(
      'archive.damaged',
      `What was written of sprint ${sprintId} is not what was to be written: ${found} Nothing was let go of.`,
      { digest, sprintId },
      'operator',
    );
  }

  /** The sprint's own stream is short and stays: the present is folded from it at every start. */
  private async letGo({ sprintId }: Completed, archive: ArchiveFacts): Promise<void> {
    const { digest } = archive;
    const tasks = notLetGo(sprintId, archive, await this.store.archived());
    if (tasks.length > 0)
      await this.store.trim(new Map(tasks.map(({ stream, version: to }) => [stream, { to, digest, sprintId }])));
    failpoint('archive.trimmed');
  }
}

/**
 * The tasks whose events are not read from the archive yet. Those that are read from a file which is not recorded are none of
 * them: a redaction turned to it, and records it when it is done.
 */
export const notLetGo = (
  sprintId: SprintId,
  { heads, digest, replaced }: ArchiveFacts,
  parts: ArchivedParts,
): readonly SealedHead[] =>
  heads.filter(({ stream, version }) => {
    const part = parts.get(stream);
    if (stream === sprintStream(sprintId) || part?.digest === digest) return false;
    return part === undefined || part.to < version || replaced.includes(part.digest);
  });

const tasksOf = ({ taskIds, declined }: Completed): StreamName[] => [...taskIds, ...declined].map(taskStream);

/** That nothing was written to the tasks since. */
const checksOf = (heads: readonly SealedHead[], own: StreamName) =>
  heads
    .filter(({ stream }) => stream !== own)
    .map(({ stream, version }) => ({ stream, guard: { kind: 'exact', version } as const, events: [] }));

/** Whoever takes a text out of the log does not look in a file that nobody has recorded: such a text must not get into one. */
async function* whole(
  stream: StreamName,
  records: AsyncIterable<StoredBytes>,
  tell: (told: Recorded) => void,
): AsyncGenerator<StoredBytes> {
  const redacting = new Set<string>();
  for await (const record of records) {
    const told = toRecorded(stream, record);
    if (told.type === 'event.redaction-requested') redacting.add(told.data.eventId);
    if (told.type === 'event.redacted') redacting.delete(told.data.eventId);
    tell(told);
    yield record;
  }
  const [eventId] = redacting;
  if (eventId !== undefined)
    throw new HyperRunError(
      'event.redacting',
      `Event ${eventId} of ${stream} is being redacted. Its sprint is archived when that is done: ask for both again.`,
      { eventId, stream },
      'retry',
    );
}
