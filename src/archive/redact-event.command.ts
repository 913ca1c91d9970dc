import { createHash } from 'node:crypto';
import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import {
  HyperRunError,
  REDACTED,
  redactEvent,
  sprintStream,
  type AnyEvent,
  type Position,
  type Recorded,
  type Sha256,
  type SprintId,
  type StreamName,
  type Subjects,
  type Version,
} from '#contracts';
import { event, isActive, redaction, sprint, type ArchiveFacts, type RedactionRequest } from '#domain';
import { toRecorded, type EventStore, type StoredBytes, type StreamWrite } from '#event-store';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { KnownBases } from '../artifacts/known-bases.port.js';
import { EVENT_STORE } from '../log/log.port.js';
import { Decisions, foldUntil, type Issued } from '../world/decisions.port.js';
import { ArchiveFiles } from './archive-files.port.js';
import { rewriteArchive } from './rewrite-archive.js';
import { findEvent } from './find-event.js';

export interface Redacted {
  readonly stream: StreamName;
  readonly request: RedactionRequest;
  readonly cursor: string;
}

/**
 * Takes the free texts of an event out of the log, the feed, the archive and the artefacts. That somebody wants it is
 * recorded first, that it is done last; whoever dies in between goes on at the next start.
 */
export class RedactEventCommand extends Command<Redacted> {
  constructor(
    readonly eventId: string,
    readonly reason: string,
    readonly issued: Issued,
  ) {
    super();
  }
}

/** The archive that holds an event, and the new file without its texts. */
interface Replaced {
  readonly sprintId: SprintId;
  readonly before: ArchiveFacts;
  readonly digest: Sha256;
  readonly bytes: number;
  readonly version: Version;
}

@CommandHandler(RedactEventCommand)
export class RedactEventHandler implements ICommandHandler<RedactEventCommand> {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly decisions: Decisions,
    private readonly artifacts: ArtifactStore,
    private readonly files: ArchiveFiles,
    private readonly bases: KnownBases,
  ) {}

  async execute({ eventId, reason, issued }: RedactEventCommand): Promise<Redacted> {
    const { stream, version, position, event: found } = await findEvent(this.store, eventId);
    const before = await this.before(stream, eventId);
    if (before !== undefined) return before;
    const { fields, artifacts } = redactEvent(found);
    if (fields.length + artifacts.length === 0)
      throw new HyperRunError(
        'event.nothing-to-redact',
        `${found.type} ${eventId} holds no free text: what it says is a fact that states are made of.`,
        { type: found.type },
      );
    const { digest } = await this.record(stream, version);
    const request = { eventId, version, position, digest, fields: [...fields], artifacts: [...artifacts], reason };
    const { state } = await this.decisions.make({
      stream,
      decider: redaction,
      command: { type: 'request', request },
      issued,
      subjects: subjectsOf(found),
    });
    return this.carryOut(stream, state.requested.get(eventId) ?? request);
  }

  /** Of an event of which it was asked before: what became of it. */
  private async before(stream: StreamName, eventId: string): Promise<Redacted | undefined> {
    const { requested, done } = foldUntil(redaction, await this.store.read(stream));
    const request = requested.get(eventId);
    if (request === undefined) return undefined;
    if (!done.has(eventId)) return this.carryOut(stream, request);
    return { stream, request, cursor: this.store.cursorOf(await this.store.top()) };
  }

  /** What was asked for and not done when a process ended. */
  async resume(stream: StreamName, eventId: string): Promise<void> {
    await this.before(stream, eventId);
  }

  private async carryOut(stream: StreamName, request: RedactionRequest): Promise<Redacted> {
    const { eventId, version, position, digest, artifacts, reason } = request;
    const { recorded } = await this.record(stream, version);
    await this.redactRepetition(recorded, reason);
    const left = JSON.stringify(redactEvent(recorded).left);
    await this.store.redact({ stream, version, position: position as Position, digest, left });
    await this.forgetBase(recorded);
    const replaced = await this.replaceArchive(recorded, stream, version, { digest, left });
    // Before it is told that it is done: whoever hears of that reads on without the texts.
    if (replaced !== undefined) await this.turnTo(replaced);
    for (const sha of artifacts) await this.artifacts.remove(sha, `redacted with event ${eventId}: ${reason}`);
    const outcome = await this.finish(stream, eventId, recorded, replaced);
    if (replaced !== undefined) await this.files.remove(this.files.pathOf(replaced.before.digest));
    return { stream, request, cursor: outcome };
  }

  /** What `sprint.archived` repeats of an alert for the present. */
  private async redactRepetition({ type, data, sprintId }: Recorded, reason: string): Promise<void> {
    if (type !== 'alert.raised' || sprintId === undefined) return;
    for (const told of await this.store.read(sprintStream(sprintId))) {
      if (told.type !== 'sprint.archived') continue;
      const repeats = told.data.left.alerts.some(({ alertId, text }) => alertId === data.alertId && text !== REDACTED);
      const issued = { id: `redact/${told.id}`, actor: 'system', body: { redact: told.id } };
      if (repeats) await this.execute(new RedactEventCommand(told.id, reason, issued));
    }
  }

  private async record(stream: StreamName, version: Version) {
    for await (const bytes of this.store.readBytes(stream, version)) {
      const digest = bytes.redacted ?? (createHash('sha256').update(bytes.data).digest('hex') as Sha256);
      return { digest, recorded: toRecorded(stream, bytes) };
    }
    throw new HyperRunError('event.unknown', `${stream} has no event ${version}.`);
  }

  /** The file of the sprint's archive written anew without the texts, when it holds them. */
  private async replaceArchive(
    { sprintId }: Recorded,
    stream: StreamName,
    version: Version,
    what: { readonly digest: Sha256; readonly left: string },
  ): Promise<Replaced | undefined> {
    if (sprintId === undefined) return undefined;
    const own = await this.store.read(sprintStream(sprintId));
    const state = foldUntil(sprint, own);
    const before = state.status === 'completed' ? state.archive : undefined;
    const head = before?.heads.find((one) => one.stream === stream);
    if (before === undefined || head === undefined || head.version < version) return undefined;
    const change = (bytes: StoredBytes): StoredBytes => ({
      ...bytes,
      data: Buffer.from(what.left),
      redacted: what.digest,
    });
    const file = await rewriteArchive(this.files, sprintId, before, { stream, version, change });
    if (file.digest === before.digest) return undefined;
    return { sprintId, before, ...file, version: own.at(-1)?.version ?? (0 as Version) };
  }

  private async finish(
    stream: StreamName,
    eventId: string,
    recorded: Recorded,
    replaced: Replaced | undefined,
  ): Promise<string> {
    const changed: AnyEvent[] =
      replaced === undefined
        ? []
        : [
            event('sprint.archive-replaced', {
              digest: replaced.digest,
              bytes: replaced.bytes,
              before: replaced.before.digest,
            }),
          ];
    const beside = stream === (replaced && sprintStream(replaced.sprintId)) ? changed : [];
    const also = (): StreamWrite[] =>
      replaced === undefined || beside.length > 0
        ? []
        : [
            {
              stream: sprintStream(replaced.sprintId),
              guard: { kind: 'exact', version: replaced.version },
              subjects: { sprintId: replaced.sprintId },
              events: changed,
            },
          ];
    const { cursor } = await this.decisions.make({
      stream,
      decider: redaction,
      command: { type: 'finish', eventId, beside },
      issued: { id: `redacted/${eventId}`, actor: 'system', body: { eventId } },
      subjects: subjectsOf(recorded),
      also,
    });
    return cursor;
  }

  /** From now on the events are read from the new file; of the sprint's own stream nothing is. */
  private async turnTo({ sprintId, before, digest }: Replaced): Promise<void> {
    const parts = await this.store.archived();
    const own = before.heads.filter(({ stream }) => parts.has(stream));
    if (own.length > 0)
      await this.store.trim(new Map(own.map(({ stream, version: to }) => [stream, { to, digest, sprintId }])));
  }

  /** What a base printed is told again by the next sprint on that tree: it is verified anew instead. */
  private async forgetBase({ type, data, sprintId }: Recorded): Promise<void> {
    if (type !== 'sprint.base-verified' || sprintId === undefined) return;
    const state = foldUntil(sprint, await this.store.read(sprintStream(sprintId)));
    if (isActive(state) || state.status === 'completed') await this.bases.forget(data.tree, state.plan.verification);
  }
}

const subjectsOf = ({ sprintId, taskId, agentId }: Subjects): Subjects => ({
  ...(sprintId === undefined ? {} : { sprintId }),
  ...(taskId === undefined ? {} : { taskId }),
  ...(agentId === undefined ? {} : { agentId }),
});
