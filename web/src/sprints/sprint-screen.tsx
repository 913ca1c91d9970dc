import type { ReactNode } from 'react';
import { clean } from '#wording';
import type { SprintStatus } from '../api/views.js';
import { useHistory, type SprintHistory } from '../replay/histories.js';
import { PlanScreen } from '../plan/plan-screen.js';
import { Replay } from '../replay/replay.js';
import { useNow } from '../shell/now.js';
import { linkTo, SPRINT_TABS, type SprintTab } from '../shell/route.js';
import { Empty, Failed, Loading, Panel } from '../ui/parts.js';
import { SprintBadge } from '../ui/status.js';
import { Lanes } from './lanes.js';
import { Report } from './report.js';
import { SprintDeeds } from './sprint-deeds.js';
import { SprintOverview } from './sprint-overview.js';

interface SprintScreenProps {
  readonly sprintId: string;
  readonly tab: SprintTab;
}

export const SprintScreen = ({ sprintId, tab }: SprintScreenProps) => {
  const history = useHistory(sprintId);
  const { sprint, tasks } = history.timeline.latest;
  const states = [...tasks.values()];
  const status: SprintStatus | undefined =
    sprint.status === 'absent' ? undefined : sprint.status === 'completed' ? sprint.outcome : sprint.status;
  const integrated = history.timeline.events.some(
    ({ type }) => type === 'sprint.integrated' || type === 'sprint.integration-requested',
  );
  return (
    <>
      <div className="page-head">
        <h1 className="wrap-anywhere">
          {sprint.status === 'absent' ? sprintId : `${clean(sprint.request.name)} · ${sprintId}`}
        </h1>
        {status !== undefined && <SprintBadge status={status} />}
        {status !== undefined && (
          <SprintDeeds
            sprintId={sprintId}
            status={status}
            passed={states.filter((task) => task.status === 'passed').length}
            integrated={integrated}
          />
        )}
      </div>
      <nav className="tabs" aria-label="Views of the sprint">
        {SPRINT_TABS.map((each) => (
          <a
            key={each}
            href={linkTo({ screen: 'sprint', sprintId, tab: each })}
            aria-current={each === tab ? 'page' : undefined}
          >
            {each}
          </a>
        ))}
      </nav>
      <div className="tab-body">
        <Body sprintId={sprintId} tab={tab} history={history} />
      </div>
    </>
  );
};

const Body = ({ sprintId, tab, history }: SprintScreenProps & { readonly history: SprintHistory }): ReactNode => {
  if (tab === 'plan') return <PlanScreen sprintId={sprintId} />;
  if (tab === 'report') return <Report sprintId={sprintId} />;
  if (history.error !== undefined) return <Failed what="The history" error={history.error} retry={history.retry} />;
  if (!history.loaded && history.timeline.events.length === 0) return <Loading what="the history" />;
  if (history.timeline.events.length === 0) return <Empty title="Nothing has happened in this sprint" />;
  return tab === 'replay' ? (
    <Replay sprintId={sprintId} history={history} />
  ) : (
    <Overview sprintId={sprintId} history={history} />
  );
};

const Overview = ({ sprintId, history }: { readonly sprintId: string; readonly history: SprintHistory }) => {
  const { events, latest } = history.timeline;
  const now = useNow();
  const first = events[0]?.time ?? now;
  const over = latest.sprint.status === 'completed' || latest.tasks.size === 0;
  const end = over ? (events.at(-1)?.time ?? now) : now;
  const lanes = history.timeline.lanes.lanes(sprintId, end);
  const from = events.find(({ type }) => type === 'task.queued')?.time ?? first;
  return (
    <div className="overview">
      {latest.sprint.status === 'proposed' && (
        <div className="note">
          <strong>The plan waits for your decision.</strong>
          <a className="button button-primary" href={linkTo({ screen: 'sprint', sprintId, tab: 'plan' })}>
            Review the plan
          </a>
        </div>
      )}
      <SprintOverview sprintId={sprintId} moment={latest} />
      {lanes.length > 0 && (
        <Panel title="Who did what when">
          <Lanes label="Tasks over time" lanes={lanes} from={from} to={end} />
        </Panel>
      )}
    </div>
  );
};
