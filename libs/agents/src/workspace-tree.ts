import { createInterface } from 'node:readline';
import { HyperRunError } from '#contracts';
import { scopeViolation, validatePath, type Scope } from '#workspace';
import type { TaskTree } from './tools.js';
import type { AgentProcess, AgentWorkspace } from './workplace.js';

/** More than a task may write, and enough to read any source file. */
const MAX_FILE_BYTES = 8 << 20;
const MAX_PATHS = 100_000;

interface Answer {
  readonly content?: string;
  readonly paths?: readonly string[];
  readonly error?: string;
}

type Request =
  | { readonly op: 'read' | 'delete'; readonly path: string }
  | { readonly op: 'write'; readonly path: string; readonly content: string }
  | { readonly op: 'list'; readonly prefix: string; readonly without: readonly string[] };

/**
 * The tree of a workspace while programs work on it: both see what the other wrote. The scope is checked before anything is
 * done, and it is done in the sandbox, by a small process that can do no more than the programs, whatever links they put in
 * its way: this process never touches a tree in which others are at work.
 */
export class WorkspaceTree implements TaskTree {
  #hand: Promise<Hand> | undefined;

  /** `without`: folders that are no part of the tree, like what a set-up made. */
  constructor(
    private readonly workspace: AgentWorkspace,
    private readonly scope: Scope,
    private readonly without: readonly string[] = [],
  ) {}

  async read(path: string): Promise<Buffer | undefined> {
    const { content } = validatePath(path) ? {} : await this.#ask({ op: 'read', path });
    return content === undefined ? undefined : Buffer.from(content, 'base64');
  }

  /** @throws HyperRunError scope.violated, tree.write-failed */
  async write(path: string, content: Buffer | string): Promise<void> {
    this.check(path, 'write');
    const { error } = await this.#ask({ op: 'write', path, content: Buffer.from(content).toString('base64') });
    if (error !== undefined) throw failed('tree.write-failed', path, error);
  }

  /** @throws HyperRunError scope.violated, tree.not-found */
  async delete(path: string): Promise<void> {
    this.check(path, 'delete');
    const { error } = await this.#ask({ op: 'delete', path });
    if (error !== undefined) throw failed('tree.not-found', path, error);
  }

  async list(prefix = ''): Promise<readonly string[]> {
    return (await this.#ask({ op: 'list', prefix, without: this.without })).paths ?? [];
  }

  async close(): Promise<void> {
    await (await this.#hand?.catch(() => undefined))?.close();
  }

  /** @throws HyperRunError scope.violated */
  check(path: string, action = 'change'): void {
    const decision = this.scope.check(path);
    if (!decision.allowed) throw scopeViolation(path, decision.rule, `May not ${action}: ${decision.reason}`);
  }

  async #ask(request: Request): Promise<Answer> {
    this.#hand ??= this.workspace.start({ argv: ['node', '-e', HAND] }).then((process) => new Hand(process));
    return (await this.#hand).ask(request);
  }
}

const failed = (code: string, path: string, why: string) =>
  new HyperRunError(code, `${JSON.stringify(path)}: ${why}`, { path });

/** One question after the other, one line each. */
class Hand {
  #last: Promise<unknown> = Promise.resolve();
  readonly #lines: AsyncIterator<string>;

  constructor(private readonly process: AgentProcess) {
    this.#lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
    process.stderr.resume();
  }

  ask(request: Request): Promise<Answer> {
    const answer = this.#last.then(async () => {
      this.process.stdin.write(`${JSON.stringify(request)}\n`);
      const line = await this.#lines.next();
      if (line.done === true)
        throw new HyperRunError(
          'tree.unavailable',
          'The tree of the workspace cannot be reached any more.',
          {},
          'retry',
        );
      return JSON.parse(line.value) as Answer;
    });
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  close(): Promise<void> {
    return this.process.kill();
  }
}

/** Runs in the sandbox, in the top folder of the tree. */
const HAND = `
const fs = require('fs'), path = require('path');
const MOST = ${MAX_FILE_BYTES}, MANY = ${MAX_PATHS};
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
const read = (name) => {
  let file;
  try { file = fs.openSync(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK); } catch { return {}; }
  try {
    const stat = fs.fstatSync(file);
    if (!stat.isFile() || stat.size > MOST) return {};
    return { content: fs.readFileSync(file).toString('base64') };
  } finally { fs.closeSync(file); }
};
const write = (name, content) => {
  fs.mkdirSync(path.dirname(name), { recursive: true });
  if (fs.lstatSync(name, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is no regular file');
  fs.writeFileSync(name, Buffer.from(content, 'base64'));
  return {};
};
const list = (prefix, without) => {
  const found = [], folders = [''];
  while (folders.length > 0 && found.length < MANY) {
    const folder = folders.pop();
    let entries = [];
    try { entries = fs.readdirSync(folder || '.', { withFileTypes: true }); } catch {}
    for (const entry of entries) {
      const name = folder + entry.name;
      if (without.includes(name)) continue;
      if (entry.isDirectory()) folders.push(name + '/'); else if (name.startsWith(prefix)) found.push(name);
    }
  }
  return { paths: found.sort() };
};
const act = ({ op, path: name, content, prefix, without }) => {
  if (op === 'read') return read(name);
  if (op === 'write') return write(name, content);
  if (op === 'list') return list(prefix === '' || prefix.endsWith('/') ? prefix : prefix + '/', without);
  fs.unlinkSync(name);
  return {};
};
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  let answer;
  try { answer = act(JSON.parse(line)); } catch (error) { answer = { error: error.message }; }
  process.stdout.write(JSON.stringify(answer) + '\\n');
});
`;
