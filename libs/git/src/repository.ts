import { HyperRunError, type Instant, type Oid } from '#contracts';
import { blameAges, type LineAge } from './blame.js';
import { describe, type RepositoryDescription } from './description.js';
import { takeFingerprint, type Fingerprint } from './fingerprint.js';
import { readFormat, unsupported, withoutFilters, type RepositoryFormat } from './format.js';
import { locate, type GitLocation } from './location.js';
import { ObjectDatabase, type FileEntry } from './object-database.js';
import { checkedOutBranches, createRef, deleteRef, listRefs, readRef, removeStaleLock } from './refs.js';
import { gitFailed, runGit, type GitCall, type GitRun } from './run-git.js';
import { oidFrom } from './tree.js';
import { orUnreadable, SHORT } from './unreadable.js';

/** A repository that was checked once and is worked on by native git. Close it when done with it. */
export class GitRepository {
  readonly objects: ObjectDatabase;

  private constructor(
    readonly location: GitLocation,
    private readonly format: RepositoryFormat,
  ) {
    this.objects = new ObjectDatabase(location.gitDir, location.commonDir);
  }

  /**
   * Opens the repository that `path` lies in: its top level, a folder below, a linked work tree or a bare repository.
   * @throws HyperRunError repository.not-found, repository.not-a-repository, repository.outside-roots,
   * repository.empty, repository.unsupported-format, repository.branch-in-the-way, repository.unreadable (also after
   * 10 s in which git did not answer)
   */
  static async open(path: string, options: { readonly allowedRoots?: readonly string[] } = {}): Promise<GitRepository> {
    const location = await locate(path, options.allowedRoots);
    return orUnreadable(location.workTree ?? location.gitDir, GitRepository.openAt(location));
  }

  private static async openAt(location: GitLocation): Promise<GitRepository> {
    const repository = new GitRepository(location, await readFormat(location));
    const short = { ...repository.call, ...SHORT };
    const [{ exitCode, stdout, stderr }, inTheWay] = await Promise.all([
      runGit(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], { ...short, answers: [0, 1, 128] }),
      repository.branchExists('hyper-run', short).catch((error: Error) => error),
    ]);
    if (/unknown repository extension|Expected git repo version/.test(stderr))
      throw unsupported(stderr, 'Upgrade git.');
    if (exitCode === 128) throw gitFailed(['rev-parse'], { exitCode, stderr });
    if (exitCode === 1) throw empty(location.workTree ?? location.gitDir);
    oidFrom(stdout.toString('latin1').trim());
    if (inTheWay instanceof Error) throw inTheWay;
    if (inTheWay) throw branchInTheWay();
    return repository;
  }

  /** Top level of the checkout, or the git directory of a bare repository. */
  get path(): string {
    return this.location.workTree ?? this.location.gitDir;
  }

  /** How git is called on this repository without its work tree. */
  get call(): GitCall {
    return { gitDir: this.location.gitDir };
  }

  /** How git is called where the work tree matters; configured filters do nothing. */
  get checkoutCall(): GitCall & { readonly workTree: string } {
    const workTree = this.location.workTree ?? '/dev/null';
    return { gitDir: this.location.gitDir, workTree, cwd: this.path, config: withoutFilters(this.format) };
  }

  /** The same objects and those in a private directory; close it when done with it. */
  withPrivateObjects(directory: string): ObjectDatabase {
    return new ObjectDatabase(this.location.gitDir, this.location.commonDir, directory);
  }

  head(call: GitRun = this.call): Promise<Oid> {
    return this.resolveCommit('HEAD', call);
  }

  /** The commit that a branch, tag or abbreviated name means. @throws HyperRunError repository.unknown-commit */
  async resolveCommit(name: string, call: GitRun = this.call): Promise<Oid> {
    const valid = /^[^\0\s~^:?*[\\{}]{1,250}$/.test(name) && !name.startsWith('-') && !name.includes('..');
    const found = valid ? await readRef(call, `${name}^{commit}`) : undefined;
    if (found) return found;
    throw new HyperRunError(
      'repository.unknown-commit',
      `There is no commit ${JSON.stringify(name.slice(0, 250))} in ${this.path}.`,
      { name },
    );
  }

  describe(): Promise<RepositoryDescription> {
    return describe(this);
  }

  fingerprint(): Promise<Fingerprint> {
    return takeFingerprint(this);
  }

  listFiles(commit: Oid): Promise<readonly FileEntry[]> {
    return this.objects.listFiles(commit);
  }

  readBlob(oid: Oid): Promise<Buffer> {
    return this.objects.readBlob(oid);
  }

  readBlobs(oids: Iterable<Oid>): AsyncGenerator<readonly [Oid, Buffer]> {
    return this.objects.readBlobs(oids);
  }

  treeOf(commit: Oid): Promise<Oid> {
    return this.objects.treeOf(commit);
  }

  differingPaths(a: Oid, b: Oid): Promise<string[]> {
    return this.objects.differingPaths(a, b);
  }

  diff(base: Oid, tree: Oid): Promise<Buffer> {
    return this.objects.diff(base, tree);
  }

  /** When each of the lines (counted from 1) was last changed, by history up to `commit`. */
  blameAges(commit: Oid, path: string, lines: readonly number[]): Promise<ReadonlyMap<number, LineAge>> {
    return blameAges(this.call, commit, path, lines);
  }

  /** When a file was last changed by a commit, going back from `commit`; undefined if it never was. */
  async lastChanged(commit: Oid, path: string): Promise<Instant | undefined> {
    const { stdout } = await runGit(['log', '-1', '--format=%ct', '--end-of-options', commit, '--', path], this.call);
    const seconds = Number(stdout.toString('latin1').trim());
    return seconds > 0 ? seconds * 1000 : undefined;
  }

  async branchExists(name: string, call: GitRun = this.call): Promise<boolean> {
    const args = ['show-ref', '--verify', '--quiet', '--', `refs/heads/${name}`];
    return (await runGit(args, { ...call, answers: [0, 1] })).exitCode === 0;
  }

  readRef(ref: string): Promise<Oid | undefined> {
    return readRef(this.call, ref);
  }

  /** Branches (`refs/heads/…`) that HEAD of this or of a linked work tree names, born or not. */
  checkedOutBranches(): Promise<string[]> {
    return checkedOutBranches(this.location.commonDir);
  }

  /** The ref of that name and all below it. */
  refsBelow(prefix: string): Promise<ReadonlyMap<string, Oid>> {
    return listRefs(this.call, prefix);
  }

  async createRef(ref: string, oid: Oid): Promise<'created' | 'same' | { other: Oid }> {
    await removeStaleLock(this.location.commonDir, ref);
    return createRef(this.call, ref, oid);
  }

  deleteRef(ref: string, expected: Oid): Promise<boolean> {
    return deleteRef(this.call, ref, expected);
  }

  /** A branch `hyper-run` leaves no room for `hyper-run/<id>`. @throws HyperRunError repository.branch-in-the-way */
  async refuseBranchInTheWay(): Promise<void> {
    if (await this.branchExists('hyper-run')) throw branchInTheWay();
  }

  dropCaches(): void {
    this.objects.dropCaches();
  }

  close(): void {
    this.objects.close();
  }
}

const branchInTheWay = () =>
  new HyperRunError(
    'repository.branch-in-the-way',
    'A branch named "hyper-run" leaves no room for branches below hyper-run/. Rename it: git branch -m hyper-run <other>.',
    { branch: 'hyper-run' },
  );

const empty = (path: string) =>
  new HyperRunError('repository.empty', `${JSON.stringify(path)} has no commit at HEAD yet. Make a first commit.`, {
    path,
  });
