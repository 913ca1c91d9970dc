import { useCallback, useState } from 'react';
import { clean, plural } from '#wording';
import { useRead } from '../api/reads.js';
import type { Page, RepositoryView } from '../api/views.js';
import type { SeenEvent } from '../live/told.js';
import { PlanDialog } from '../plan/plan-dialog.js';
import { useNow } from '../shell/now.js';
import { linkTo, setQuery, usePlace } from '../shell/route.js';
import { useSprints } from '../shell/sprints-store.js';
import { Empty, Failed, Loading } from '../ui/parts.js';
import { ago } from '../ui/words.js';
import { FindingsBrowser } from './findings-browser.js';
import { useScan, type Scan } from './findings-read.js';
import './findings.css';

/** Everything that the last scan of a repository found, in and out of the scope. */
export const FindingsScreen = () => {
  const changes = useCallback(({ type }: SeenEvent) => type === 'repository.registered', []);
  const known = useRead<Page<RepositoryView>>('/repositories?limit=1000', changes);
  const wanted = usePlace().query.get('repository');
  const [planning, setPlanning] = useState(false);
  const all = known.data?.items ?? [];
  const chosen = all.find(({ repositoryId }) => repositoryId === wanted) ?? all[0];
  return (
    <>
      <div className="page-head">
        <h1>Findings</h1>
        {all.length > 1 && (
          <select
            aria-label="Repository"
            value={chosen?.repositoryId}
            onChange={({ target }) => setQuery({ repository: target.value })}
          >
            {all.map(({ repositoryId, name, path }) => (
              <option key={repositoryId} value={repositoryId}>
                {clean(name)} ({clean(path)})
              </option>
            ))}
          </select>
        )}
        <button type="button" className="button" onClick={() => setPlanning(true)}>
          {chosen === undefined ? 'Plan a sprint' : 'Scan anew …'}
        </button>
      </div>
      {known.isError && <Failed what="The repositories" error={known.error} retry={() => void known.refetch()} />}
      {known.isPending && <Loading what="the repositories" />}
      {known.data !== undefined && chosen === undefined && (
        <Empty title="No repository yet">
          <p>Whoever asks for a plan has a repository read: then all that was found in it is here.</p>
        </Empty>
      )}
      {chosen !== undefined && <RepositoryFindings key={chosen.repositoryId} repository={chosen} />}
      {planning && <PlanDialog repository={chosen?.repositoryId} onClose={() => setPlanning(false)} />}
    </>
  );
};

const RepositoryFindings = ({ repository }: { readonly repository: RepositoryView }) => {
  const { repositoryId, name } = repository;
  const scan = useScan(repositoryId);
  const reading = useSprints().data?.items.some(
    (sprint) => sprint.status === 'analysing' && sprint.repository.repositoryId === repositoryId,
  );
  return (
    <div className="stack tight">
      {reading === true && (
        <p className="note" role="status">
          {clean(name)} is being read again. What is found appears here by itself.
        </p>
      )}
      {scan.isError && <Failed what="The findings" error={scan.error} retry={() => void scan.refetch()} />}
      {scan.isPending && <Loading what="the findings" />}
      {scan.data !== undefined && <Found scan={scan.data} name={name} />}
    </div>
  );
};

const Found = ({ scan, name }: { readonly scan: Scan; readonly name: string }) => {
  if (scan.commit === undefined)
    return (
      <Empty title={`${clean(name)} was not read yet`}>
        <p>A plan begins with a scan. What it finds is here then, whether it lies in the scope of the plan or not.</p>
      </Empty>
    );
  return (
    <>
      <Summary scan={scan} name={name} />
      {scan.findings.length === 0 ? (
        <Empty title="Nothing was found">
          <p>That is good news: none of the sources found anything to improve at this commit.</p>
        </Empty>
      ) : (
        <FindingsBrowser scan={scan} />
      )}
    </>
  );
};

const Summary = ({ scan, name }: { readonly scan: Scan; readonly name: string }) => {
  const { findings, commit, scannedAt, scope = [], planId } = scan;
  const now = useNow();
  const inside = findings.filter(({ place, dismissed }) => place === 'inside' && !dismissed).length;
  return (
    <p className="quiet wrap-anywhere">
      {plural(findings.length, 'finding')} in {clean(name)} at <code title={commit}>{commit?.slice(0, 7)}</code>
      {scannedAt !== undefined && `, read ${ago(Date.parse(scannedAt), now)}`}; {inside.toLocaleString('en')} open in
      the scope <code>{scope.map((pattern) => clean(pattern)).join(', ')}</code> of{' '}
      {planId === undefined ? (
        'its plan'
      ) : (
        <a href={linkTo({ screen: 'sprint', sprintId: planId, tab: 'plan' })}>its plan</a>
      )}
      .
    </p>
  );
};
