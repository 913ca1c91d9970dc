import type { Oid } from '#contracts';
import { isRegularFile, type FileEntry, type ObjectDatabase } from '#git';

/** The files of a commit or tree, for reading. Closing it is the affair of whoever owns the objects. */
export interface CommitTree {
  files(): readonly FileEntry[];
  /** Content of a regular file; undefined where there is none. */
  read(path: string): Promise<Buffer | undefined>;
  readMany(paths: readonly string[]): Promise<Map<string, Buffer>>;
}

/** Lists a commit or tree once; contents are read when they are asked for. */
export const commitTree = async (objects: ObjectDatabase, treeish: Oid): Promise<CommitTree> => {
  const entries = await objects.listFiles(treeish);
  const byPath = new Map(entries.filter(isRegularFile).map((entry) => [entry.path, entry]));
  return {
    files: () => entries,
    read: async (path) => {
      const entry = byPath.get(path);
      return entry === undefined ? undefined : objects.readBlob(entry.oid);
    },
    readMany: async (paths) => {
      const wanted = paths.flatMap((path) => byPath.get(path) ?? []);
      const blobs = new Map<Oid, Buffer>();
      for await (const [oid, content] of objects.readBlobs(new Set(wanted.map(({ oid }) => oid))))
        blobs.set(oid, content);
      return new Map(
        wanted.flatMap(({ path, oid }) => {
          const content = blobs.get(oid);
          return content === undefined ? [] : [[path, content] as const];
        }),
      );
    },
  };
};
