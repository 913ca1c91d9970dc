import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable, type Stream } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { CapturedOutput } from './captured-output.js';
import { outputPipe } from './output-pipe.js';
import { hasEnded, kill } from './process-table.js';
import { endOf, feed, textOf, type Collected, within } from './child-streams.js';
import { withoutInherited } from './inherited-descriptors.js';
import type { RunResult } from './run-result.js';
import type { Watch } from './watch.js';

export interface ChildRun {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly outputLimitBytes: number;
  readonly signal?: AbortSignal | undefined;
  readonly onOutput?: (() => void) | undefined;
  /** Written to descriptors FIRST_INPUT, FIRST_INPUT + 1, … */
  readonly inputs?: readonly string[];
  readonly watches?: readonly Watch[];
}

/** Descriptor for `bwrap --info-fd`, and the one on which the command's shell says that it runs. */
export const INFO = 3;
export const STARTED = 4;
export const FIRST_INPUT = 5;

/**
 * What every command is started through: it reports that it runs, so that a sandbox that failed is never taken for a
 * command that failed; it sends both outputs down one pipe, in order; and it hands on no other descriptor.
 */
export const LAUNCH = 'umask 022; echo >&4; exec 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; exec sh -c "$1"';

/** Diagnostics of whatever starts the command, then INFO and STARTED. */
const PIPES = ['pipe', 'pipe', 'pipe'] as const;
const FLOOD_BYTES = 256 << 20;
const DRAIN_MS = 2_000;
const LEFTOVER_GRACE_MS = 200;

type Ended = 'exited' | 'timed-out' | 'cancelled' | { readonly stopped: string };

/** Runs to the end, the limit, or the wish to stop; then nothing of its process group, or of its namespace, is left. */
export const runChild = async (run: ChildRun): Promise<RunResult> => {
  const started = performance.now();
  const output = new CapturedOutput(run.outputLimitBytes);
  const diagnostics = new CapturedOutput(64 << 10);
  if (run.signal?.aborted) return resultOf('cancelled', null, null, 0, output);
  const pipe = await outputPipe();
  const child = spawn(run.file, [...run.args], {
    cwd: run.cwd,
    env: { ...run.env },
    detached: true,
    stdio: withoutInherited(['ignore', pipe.writer, ...PIPES, ...(run.inputs ?? []).map(() => 'pipe' as const)]),
  });
  const error = new Promise<string>((resolve) => void child.once('error', (cause) => resolve(cause.message)));
  pipe.closeWriter();
  const info = textOf(child, INFO);
  const launched = textOf(child, STARTED);
  feed(child, FIRST_INPUT, run.inputs ?? []);
  child.stderr?.on('data', (chunk: Buffer) => diagnostics.push(chunk));
  const ended = await untilEnd(child, pipe.reader, run, output, error, { info, launched });
  const durationMs = performance.now() - started;
  await leaveNothing(child, info);
  await drain([pipe.reader, ...child.stdio], run.inputs ? DRAIN_MS : LEFTOVER_GRACE_MS);
  if (ended === 'exited' && launched.text() === '') {
    output.push(diagnostics.bytes());
    if (child.pid === undefined) output.push(Buffer.from(await error));
    return resultOf('could-not-start', null, null, durationMs, output);
  }
  if (typeof ended === 'object') output.push(Buffer.from(`\n[stopped: ${ended.stopped}]\n`));
  return ended === 'exited'
    ? resultOf('exited', child.exitCode, child.signalCode, durationMs, output)
    : resultOf(typeof ended === 'object' ? 'exited' : ended, null, 'SIGKILL', durationMs, output);
};

const untilEnd = async (
  child: ChildProcess,
  reader: Readable,
  run: ChildRun,
  output: CapturedOutput,
  error: Promise<string>,
  told: Told,
): Promise<Ended> => {
  let stop: (why: Ended) => void = () => undefined;
  const stopped = new Promise<Ended>((resolve) => (stop = resolve));
  reader.on('data', (chunk: Buffer) => {
    output.push(chunk);
    run.onOutput?.();
    if (output.total > FLOOD_BYTES) stop({ stopped: `more than ${FLOOD_BYTES} bytes of output` });
  });
  child.once('exit', () => stop('exited'));
  void error.then(() => stop('exited'));
  const timer = setTimeout(() => stop('timed-out'), run.timeoutMs);
  const abort = () => stop('cancelled');
  run.signal?.addEventListener('abort', abort);
  const endWatch = startWatches(run.watches ?? [], told, (why) => stop({ stopped: why }));
  const why = await stopped;
  endWatch();
  clearTimeout(timer);
  run.signal?.removeEventListener('abort', abort);
  return why;
};

/** What a sandbox tells: which process is the first of its namespace, and that the command's shell runs. */
export interface Told {
  readonly info: Collected;
  readonly launched: Collected;
}

/** Zero: it has not told. */
export const firstOf = (info: Collected): number => Number(/"child-pid":\s*(\d+)/.exec(info.text())?.[1] ?? 0);

/** Once the command runs; gives what ends the watching. */
export const startWatches = (
  watches: readonly Watch[],
  { info, launched }: Told,
  stop: (why: string) => void,
): (() => void) => {
  const over = new AbortController();
  const begin = async () => {
    await launched.began;
    const first = firstOf(info);
    if (first > 0) await Promise.all(watches.map((watch) => watch(first, stop, over.signal)));
  };
  void begin();
  return () => over.abort();
};

/** The group is killed as a whole. Of a namespace the first process is awaited: when it has ended, all have. */
export const leaveNothing = async (child: ChildProcess, info: Collected): Promise<void> => {
  if (child.pid === undefined) return;
  kill(-child.pid, 'SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  await within(DRAIN_MS, info.ended);
  const first = firstOf(info);
  if (first > 0) while (!hasEnded(first)) await delay(1);
};

/** `close` would wait for whoever still holds a pipe: give what is in it time to arrive, then let go. */
const drain = async (streams: readonly (Stream | null | undefined)[], ms: number): Promise<void> => {
  const readable = streams.filter((stream) => stream instanceof Readable);
  await within(ms, Promise.all(readable.map(endOf)));
  for (const stream of readable) stream.destroy();
};

const resultOf = (
  outcome: RunResult['outcome'],
  exitCode: number | null,
  signal: NodeJS.Signals | null,
  durationMs: number,
  output: CapturedOutput,
): RunResult => ({
  outcome,
  exitCode: outcome === 'exited' ? exitCode : null,
  signal,
  durationMs: Math.round(durationMs),
  output: output.bytes(),
  outputBytes: output.total,
  truncated: output.truncated,
});
