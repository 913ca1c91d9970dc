import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { call, write } from '../api/client.js';
import { queries, unlessFollowed, useDeed } from '../api/reads.js';
import type { FindingPage, FindingView } from '../api/views.js';
import { awaitEvent } from '../live/await-event.js';
import { onEvents, onReset } from '../live/present.js';
import type { SeenEvent } from '../live/told.js';

export type Scan = Omit<FindingPage, 'items' | 'next' | 'total' | 'cursor'> & {
  readonly findings: readonly FindingView[];
};

const keyOf = (repositoryId: string | undefined) => ['findings', repositoryId] as const;

/** All pages, of one moment: a scan that ends meanwhile does not mix with the one before. */
const readScan = async (repositoryId: string, signal: AbortSignal): Promise<Scan> => {
  const shows = unlessFollowed(keyOf(repositoryId));
  const query = new URLSearchParams({ repository: repositoryId, limit: '1000' });
  const findings: FindingView[] = [];
  for (;;) {
    const {
      items,
      next,
      total: _total,
      cursor,
      ...scan
    } = await call<FindingPage>(`/findings?${query}`, {
      signal,
      ...(query.has('at') ? {} : { shows }),
    });
    findings.push(...items);
    if (next === undefined) return { ...scan, findings };
    query.set('after', next);
    query.set('at', cursor);
  }
};

const dismissedBy = ({ type, data }: SeenEvent): string | undefined =>
  type === 'repository.finding-dismissed' ? data.findingId : undefined;

const isOf = (repositoryId: string | undefined, { stream }: SeenEvent): boolean =>
  stream === `repository-${repositoryId}`;

/**
 * What the last scan of a repository found. Read again when another plan is proposed or edited; one that is dismissed changes
 * at once, for the whole of it need not be read for that.
 */
export const useScan = (repositoryId: string | undefined) => {
  useEffect(() => {
    const queryKey = keyOf(repositoryId);
    const again = () => void queries.invalidateQueries({ queryKey });
    const stopEvents = onEvents((events) => {
      const gone = new Set(
        events.filter((event) => isOf(repositoryId, event)).flatMap((event) => dismissedBy(event) ?? []),
      );
      if (gone.size > 0)
        queries.setQueryData<Scan>(
          queryKey,
          (scan) => scan && { ...scan, findings: scan.findings.map(dismissing(gone)) },
        );
      if (events.some(({ type }) => type === 'sprint.plan-proposed' || type === 'sprint.plan-edited')) again();
    });
    const stopResets = onReset(again);
    return () => {
      stopEvents();
      stopResets();
    };
  }, [repositoryId]);
  return useQuery<Scan>({
    queryKey: keyOf(repositoryId),
    enabled: repositoryId !== undefined,
    queryFn: ({ signal }) => readScan(repositoryId ?? '', signal),
  });
};

const dismissing =
  (gone: ReadonlySet<string>) =>
  (finding: FindingView): FindingView =>
    gone.has(finding.findingId) ? { ...finding, dismissed: true } : finding;

export interface Dismissal {
  readonly findingId: string;
  readonly reason: string;
}

/** Never proposes a finding again. Done when its event has come back. */
export const useDismissal = (repositoryId: string) =>
  useDeed(
    async ({ findingId, reason }: Dismissal) => {
      const seen = awaitEvent((event) => isOf(repositoryId, event) && dismissedBy(event) === findingId);
      await write(`/findings/${findingId}/dismiss?repository=${encodeURIComponent(repositoryId)}`, { reason });
      await seen;
    },
    'It is dismissed: no plan proposes it again.',
    'here',
  );
