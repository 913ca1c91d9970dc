import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

export interface WebFile {
  readonly body: Buffer;
  readonly type: string;
  /** Strong, quoted. */
  readonly etag: string;
}

/**
 * The built web app, read whole at start: what is served belongs together even while it is built anew, and no path of a
 * request ever reaches the file system.
 */
export class WebFiles {
  private constructor(
    readonly page: WebFile | undefined,
    readonly icon: WebFile | undefined,
    /** By name; the name holds a hash of the content. */
    readonly assets: ReadonlyMap<string, WebFile>,
  ) {}

  /** `index.html`, `favicon.svg` and `assets/` of a folder; each may be missing. */
  static async read(folder: string): Promise<WebFiles> {
    const assets = join(folder, 'assets');
    const names = await readdir(assets).catch(absent);
    const files = (names ?? []).map(async (name) => [name, await readWebFile(join(assets, name))] as const);
    const found = (await Promise.all(files)).flatMap(([name, file]) =>
      file === undefined ? [] : ([[name, file]] as const),
    );
    return new WebFiles(
      names && (await readWebFile(join(folder, 'index.html'))),
      await readWebFile(join(folder, 'favicon.svg')),
      new Map(found),
    );
  }
}

const readWebFile = async (path: string): Promise<WebFile | undefined> => {
  const body = await readFile(path).catch(absent);
  if (body === undefined) return undefined;
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { body, type: TYPES[extname(path)] ?? 'application/octet-stream', etag };
};

const absent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code === 'ENOENT' || error.code === 'EISDIR') return undefined;
  throw error;
};
