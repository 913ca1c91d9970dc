import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { maskSecrets, type Finding, type Oid } from '#contracts';
import { analyse, openFileCache, withAges, type Analysis } from '#findings';
import type { GitRepository } from '#git';
import { mayHoldSecrets } from '#hafs';
import { commitTree, compilePattern } from '#workspace';
import { CONFIG, type Config } from '../config/config.js';
import { checkoutReports, lastCommitted } from './coverage-reports.js';
import type { RepositoryConfig } from './repository-config.port.js';

/** Blame costs tens of milliseconds per file: only so many TODOs get their age. */
const AGED_TODOS = 50;

/** Looks at a repository and says what is worth improving, with the evidence for it. */
@Injectable()
export class Strategist {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /**
   * Everything that one scan of a commit finds: TODOs, lint errors, low coverage, broken links, Markdown, misspellings.
   * Facts of earlier scans are reused by blob; what may hold secrets is not read.
   */
  async analyzeCodebase(
    repository: GitRepository,
    commit: Oid,
    settings: RepositoryConfig,
    signal: AbortSignal,
  ): Promise<Analysis> {
    const cache = await openFileCache(join(this.config.dataDirectory, 'facts', `${nameOf(repository.path)}.json`));
    const hidden = (settings.unreadable ?? []).map(compilePattern);
    const analysis = await analyse(await commitTree(repository.objects, commit), {
      cache,
      unreadable: (path) => mayHoldSecrets(path) || hidden.some((matches) => matches(path)),
      reports: await checkoutReports(repository),
      lastChanged: lastCommitted(repository, commit),
      signal,
    });
    await cache.save();
    return { ...analysis, findings: (await aged(repository, commit, analysis.findings)).map(masked) };
  }
}

const nameOf = (path: string): string => createHash('sha256').update(path).digest('hex').slice(0, 32);

const aged = async (repository: GitRepository, commit: Oid, findings: readonly Finding[]): Promise<Finding[]> => {
  const shown = findings.filter(({ source }) => source === 'todo').slice(0, AGED_TODOS);
  const blame = async (path: string, lines: readonly number[]) => {
    const ages = await repository.blameAges(commit, path, lines).catch(() => new Map<number, { time: number }>());
    return new Map([...ages].map(([line, { time }]) => [line, time]));
  };
  const known = new Map((await withAges(shown, blame, Date.now())).map((finding) => [finding.findingId, finding]));
  return findings.map((finding) => known.get(finding.findingId) ?? finding);
};

/** A finding shows the text in question: a key that somebody left in a comment is not to get into the log with it. */
const masked = (finding: Finding): Finding => ({
  ...finding,
  excerpt: maskSecrets(finding.excerpt).slice(0, 400),
  message: maskSecrets(finding.message).slice(0, 600),
});
