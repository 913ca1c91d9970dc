import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Tells the command line where the service answers: `<data directory>/service.json`. */
export class ServiceFile {
  readonly #path: string;

  constructor(dataDirectory: string) {
    this.#path = join(dataDirectory, 'service.json');
  }

  async write(url: string): Promise<void> {
    const draft = `${this.#path}.${process.pid}`;
    const content = { url, pid: process.pid, startedAt: new Date().toISOString() };
    await writeFile(draft, `${JSON.stringify(content)}\n`, { mode: 0o600 });
    await rename(draft, this.#path);
  }

  /** Removed by the one that it is about; a later one's stays. */
  async remove(): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch(() => '{}');
    const { pid } = JSON.parse(text) as { readonly pid?: unknown };
    if (pid === process.pid) await rm(this.#path, { force: true });
  }
}
