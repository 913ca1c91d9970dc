import { createHash, randomUUID } from 'node:crypto';
import { HyperRunError, isHyperRunError, Sha256, type EventData, type Question } from '#contracts';
import { mayHoldSecrets, type SearchResult } from '#hafs';
import { type ActionType, ToolSession } from './tool-session.js';
import type { Answer, CommandResult, Toolbox, ToolPorts } from './tools.js';
import { patched, type PatchedFile } from './unified-diff.js';

const OUTPUT_TAIL = 8000;
const LONGEST_COMMAND = 4000;

type Observed<T extends ActionType> = Omit<EventData<T>, 'attempt' | 'origin'>;

/** The tools of one attempt, and the session that says whether it may go on. */
export const createToolbox = (ports: ToolPorts): { readonly tools: Toolbox; readonly session: ToolSession } => {
  const session = new ToolSession(ports);
  return { tools: new ObservedToolbox(session), session };
};

class ObservedToolbox implements Toolbox {
  constructor(private readonly session: ToolSession) {}

  query(text: string, limit = 10): Promise<readonly SearchResult[]> {
    return this.session.call('query', undefined, async () => {
      const { search } = this.session.ports;
      if (!search)
        throw await this.session.lacks('query', 'tool.no-search', 'There is no index of this repository to search.');
      const results = await search(text, limit);
      const top = [...new Set(results.map(({ path }) => path.slice(0, 1024)))].slice(0, 10);
      await this.observe('action.hafs-queried', { query: this.session.text(text, 1000), results: results.length, top });
      return results;
    });
  }

  read(path: string, range?: { readonly startLine: number; readonly endLine: number }): Promise<string | undefined> {
    return this.session.call('read', path, async () => {
      const text = await this.textOf(path);
      const part =
        text === undefined || !range
          ? text
          : text
              .split('\n')
              .slice(range.startLine - 1, range.endLine)
              .join('\n');
      if (part === undefined) await this.toolCalled('read', `${path}: there is no such file`);
      else
        await this.observe('action.file-read', {
          path: shown(path),
          bytes: Buffer.byteLength(part),
          ...(range && { lines: { from: range.startLine, to: range.endLine } }),
        });
      return part;
    });
  }

  list(prefix = ''): Promise<readonly string[]> {
    return this.session.call('list', prefix, async () => {
      const paths = await this.session.ports.tree.list(prefix);
      await this.toolCalled('list', `${prefix === '' ? 'all files' : prefix}: ${paths.length}`);
      return paths;
    });
  }

  write(path: string, content: string): Promise<void> {
    return this.session.call('write', path, () => this.store(path, content));
  }

  edit(path: string, oldText: string, newText: string): Promise<void> {
    return this.session.call('edit', path, async () => {
      const text = await this.textOf(path);
      const places = text === undefined || oldText === '' ? 0 : text.split(oldText).length - 1;
      if (text === undefined || places !== 1) {
        const found = text === undefined ? 'there is no such file' : `it stands there ${places} times`;
        await this.toolCalled('edit', `${path}: ${found}`);
        throw new HyperRunError(
          'tool.edit-mismatch',
          `Expected the old text exactly once in ${JSON.stringify(path)}: ${found}.`,
          { path, places },
        );
      }
      const at = text.indexOf(oldText);
      await this.store(path, text.slice(0, at) + newText + text.slice(at + oldText.length));
    });
  }

  delete(path: string): Promise<void> {
    return this.session.call('delete', path, async () => {
      await this.session.ports.tree.delete(path);
      await this.observe('action.file-deleted', { path: shown(path) });
    });
  }

  patch(diff: string): Promise<readonly string[]> {
    return this.session.call('patch', undefined, async () => {
      const files = await this.patchedFiles(diff);
      await this.changeAll(files);
      for (const { path, content } of files)
        if (content === undefined) await this.observe('action.file-deleted', { path: shown(path) });
        else await this.written(path, Buffer.from(content));
      return files.map(({ path }) => path);
    });
  }

  run(command: string): Promise<CommandResult> {
    return this.session.call('run', undefined, async () => {
      const { sandboxRun } = this.session.ports;
      if (!sandboxRun)
        throw await this.session.lacks('run', 'tool.no-sandbox', 'There is no sandbox here, so no command can be run.');
      const callId = randomUUID();
      await this.observe('action.command-started', { callId, command: this.session.text(command, LONGEST_COMMAND) });
      const started = performance.now();
      try {
        const result = await sandboxRun(command, this.session.signal);
        await this.finished(callId, result);
        return result;
      } catch (error) {
        const output = error instanceof Error ? error.message : String(error);
        await this.finished(callId, { exitCode: null, output, durationMs: performance.now() - started });
        throw error;
      }
    });
  }

  say(text: string, kind?: EventData<'action.message-said'>['kind']): Promise<void> {
    return this.session.call('say', undefined, () =>
      this.observe('action.message-said', { text: this.session.text(text, 8192), ...(kind && { kind }) }),
    );
  }

  ask(text: string, options: Question['options'] = []): Promise<Answer> {
    return this.session.call('ask', undefined, async () => {
      const { ask } = this.session.ports;
      if (!ask) throw await this.session.lacks('ask', 'tool.nobody-to-ask', 'Nobody can be asked here.');
      const shownOptions = options.map(({ id, label }) => ({ id, label: this.session.text(label, 200) }));
      return ask({ questionId: randomUUID(), text: this.session.text(text, 2000), options: shownOptions });
    });
  }

  private async finished(callId: string, { exitCode, output, durationMs }: CommandResult): Promise<void> {
    const masked = this.session.text(output, Number.POSITIVE_INFINITY);
    const bytes = Buffer.byteLength(output);
    const long = masked.length > OUTPUT_TAIL;
    const artifact = long ? await this.session.ports.keep?.(Buffer.from(masked)) : undefined;
    const tail = masked.slice(-OUTPUT_TAIL);
    await this.observe('action.command-finished', {
      callId,
      exitCode,
      durationMs,
      output: { tail, bytes, ...(artifact && { artifact }) },
    });
  }

  private async store(path: string, text: string): Promise<void> {
    const content = Buffer.from(text);
    await this.session.ports.tree.write(path, content);
    await this.written(path, content);
  }

  private async written(path: string, content: Buffer): Promise<void> {
    const { keep } = this.session.ports;
    const hash = keep ? await keep(content) : Sha256.parse(createHash('sha256').update(content).digest('hex'));
    await this.observe('action.file-written', { path: shown(path), bytes: content.length, content: hash });
  }

  private async patchedFiles(diff: string): Promise<readonly PatchedFile[]> {
    try {
      return await patched(diff, (path) => this.textOf(path));
    } catch (error) {
      if (isHyperRunError(error, 'tool.patch-mismatch')) await this.toolCalled('patch', error.message);
      throw error;
    }
  }

  /** One after the other; where one is refused, the tree is put back as it was. */
  private async changeAll(files: readonly PatchedFile[]): Promise<void> {
    const { tree } = this.session.ports;
    const undo = tree.mark?.();
    try {
      for (const { path, content } of files)
        await (content === undefined ? tree.delete(path) : tree.write(path, Buffer.from(content)));
    } catch (error) {
      undo?.();
      throw error;
    }
  }

  private async textOf(path: string): Promise<string | undefined> {
    const { tree, unreadable } = this.session.ports;
    if (mayHoldSecrets(path) || unreadable?.(path))
      throw new HyperRunError('tool.unreadable', `${JSON.stringify(path)} may not be read: it may hold secrets.`, {
        path,
      });
    const bytes = await tree.read(path);
    if (!bytes) return undefined;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (cause) {
      await this.toolCalled('read', `${path}: is not UTF-8 text`);
      throw new HyperRunError('tool.not-text', `${JSON.stringify(path)} is not UTF-8 text.`, { path }, 'caller', {
        cause,
      });
    }
  }

  private toolCalled(tool: string, summary: string): Promise<void> {
    return this.observe('action.tool-called', {
      callId: randomUUID(),
      tool,
      summary: this.session.text(summary, 2000),
    });
  }

  private observe<T extends ActionType>(type: T, payload: Observed<T>): Promise<void> {
    return this.session.act(type, 'observed', payload);
  }
}

const shown = (path: string) => path.slice(0, 1024);
