import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Socket } from 'node:net';
import { HyperRunError, type Oid } from '#contracts';
import { gitFailed, printable, spawnGit, type GitCall } from './run-git.js';

export interface GitObject {
  readonly type: string;
  readonly size: number;
  readonly content: Buffer;
}

interface Waiting {
  readonly oid: Oid;
  readonly resolve: (object: GitObject | undefined) => void;
  readonly reject: (error: Error) => void;
}

const IDLE_MS = 10_000;
const SILENCE_MS = 30_000;
export const MAX_OBJECT_BYTES = 64 * 1024 * 1024;

/**
 * Reads objects through one `git cat-file --batch` that stays as long as it is used (10 s when idle), so that a read
 * costs a pipe's round trip and git's own memory map instead of a process or a copy of the pack index in ours. It sees
 * what git sees: packs, alternates, linked work trees. It never keeps our process alive while nothing is asked.
 */
export class ObjectReader {
  private child: ChildProcessWithoutNullStreams | undefined;
  private waiting: Waiting[] = [];
  private idle: NodeJS.Timeout | undefined;
  private readonly head: Buffer[] = [];
  private body: { header: string; type: string; content: Buffer; filled: number; keep: boolean } | undefined;

  constructor(private readonly call: GitCall) {}

  /**
   * The object, or undefined if the repository does not have it. Its content is checked against its name.
   * @throws HyperRunError git.object-too-large (above 64 MiB), git.corrupt-object, git.failed, git.timed-out
   * (asked, and silent for 30 s)
   */
  read(oid: Oid): Promise<GitObject | undefined> {
    return new Promise((resolve, reject) => {
      const child = this.child ?? this.start();
      if (this.waiting.length === 0) this.keepAlive(child, true);
      this.waiting.push({ oid, resolve, reject });
      child.stdin.write(`${oid}\n`);
    });
  }

  /** Ends the process; what is still waiting is rejected. Reading again starts a new one. */
  close(): void {
    clearTimeout(this.idle);
    const child = this.child;
    this.child = undefined;
    child?.stdin.end();
    child?.kill('SIGKILL');
    this.rejectAll(new HyperRunError('git.aborted', 'The repository was closed while it was read.', {}, 'retry'));
  }

  private start(): ChildProcessWithoutNullStreams {
    const child = spawnGit(['cat-file', '--batch'], this.call);
    const stderr: Buffer[] = [];
    this.child = child;
    this.body = undefined;
    this.head.length = 0;
    child.stdout.on('data', (chunk: Buffer) => this.child === child && this.receive(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.length < 16 && stderr.push(chunk));
    child.stdin.on('error', () => undefined);
    const ended = (error: HyperRunError) => {
      if (this.child !== child) return;
      this.child = undefined;
      this.rejectAll(error);
    };
    child.on('error', (error) => ended(failed(-1, error.message)));
    child.on('close', (code) => ended(failed(code ?? -1, printable(Buffer.concat(stderr)))));
    return child;
  }

  private receive(chunk: Buffer): void {
    this.idle?.refresh();
    let at = 0;
    while (at < chunk.length) at = this.body ? this.receiveBody(chunk, at) : this.receiveHeader(chunk, at);
  }

  private receiveHeader(chunk: Buffer, from: number): number {
    const newline = chunk.indexOf(0x0a, from);
    this.head.push(chunk.subarray(from, newline < 0 ? chunk.length : newline));
    if (newline < 0) return chunk.length;
    const line = Buffer.concat(this.head).toString('latin1');
    this.head.length = 0;
    const found = /^[0-9a-f]{40} (\w+) (\d+)$/.exec(line);
    if (found?.[1] === undefined) this.settle(undefined);
    else {
      const size = Number(found[2]);
      const keep = size <= MAX_OBJECT_BYTES;
      const header = `${found[1]} ${size}\0`;
      this.body = { header, type: found[1], content: Buffer.allocUnsafe(keep ? size + 1 : 0), filled: 0, keep };
    }
    return newline + 1;
  }

  private receiveBody(chunk: Buffer, from: number): number {
    const body = this.body;
    if (!body) return from;
    const size = Number(body.header.slice(body.type.length + 1, -1));
    const take = Math.min(size + 1 - body.filled, chunk.length - from);
    if (body.keep) chunk.copy(body.content, body.filled, from, from + take);
    body.filled += take;
    if (body.filled === size + 1) {
      this.body = undefined;
      this.settle(body.keep ? { type: body.type, size, content: body.content.subarray(0, size) } : tooLarge(size));
    }
    return from + take;
  }

  private settle(answer: GitObject | HyperRunError | undefined): void {
    const waiting = this.waiting.shift();
    if (this.waiting.length === 0 && this.child) this.keepAlive(this.child, false);
    if (answer instanceof HyperRunError) waiting?.reject(answer);
    else if (waiting && answer && oidOf(answer) !== waiting.oid) waiting.reject(corrupt(waiting.oid));
    else waiting?.resolve(answer);
  }

  private keepAlive(child: ChildProcessWithoutNullStreams, busy: boolean): void {
    clearTimeout(this.idle);
    for (const handle of [child, child.stdin, child.stdout, child.stderr]) {
      if (handle === child || handle instanceof Socket) handle[busy ? 'ref' : 'unref']();
    }
    this.idle = busy
      ? setTimeout(() => this.giveUp(child), SILENCE_MS)
      : setTimeout(() => this.retire(child), IDLE_MS).unref();
  }

  private retire(child: ChildProcessWithoutNullStreams): void {
    this.child = undefined;
    child.stdin.end();
  }

  private giveUp(child: ChildProcessWithoutNullStreams): void {
    this.child = undefined;
    child.kill('SIGKILL');
    this.rejectAll(silent());
  }

  private rejectAll(error: HyperRunError): void {
    clearTimeout(this.idle);
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}

const oidOf = (object: GitObject) =>
  createHash('sha1').update(`${object.type} ${object.size}\0`).update(object.content).digest('hex');

const tooLarge = (size: number) =>
  new HyperRunError('git.object-too-large', `An object has ${size} bytes; at most ${MAX_OBJECT_BYTES} are read.`, {
    size,
  });

const failed = (exitCode: number, stderr: string) => gitFailed(['cat-file'], { exitCode, stderr });

const silent = () =>
  new HyperRunError(
    'git.timed-out',
    `git cat-file was silent for ${SILENCE_MS} ms and was killed.`,
    { ms: SILENCE_MS },
    'retry',
  );

const corrupt = (oid: Oid) =>
  new HyperRunError(
    'git.corrupt-object',
    `Object ${oid} does not have the content that its name promises: run git fsck.`,
    { oid },
    'operator',
  );
