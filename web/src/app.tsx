import { QueryClientProvider } from '@tanstack/react-query';
import { queries } from './api/reads.js';
import { Bridge } from './board/bridge.js';
import { FeedScreen } from './feed/feed-screen.js';
import { FindingsScreen } from './findings/findings-screen.js';
import { HealthScreen } from './health/health-screen.js';
import { ProgressScreen } from './progress/progress-screen.js';
import { linkTo, usePlace, type Place } from './shell/route.js';
import { Shell } from './shell/shell.js';
import { SprintScreen } from './sprints/sprint-screen.js';
import { SprintsScreen } from './sprints/sprints-screen.js';
import { TaskScreen } from './task/task-screen.js';
import { Empty } from './ui/parts.js';

const Screen = ({ route }: Place) => {
  switch (route.screen) {
    case 'bridge':
      return <Bridge />;
    case 'feed':
      return <FeedScreen />;
    case 'findings':
      return <FindingsScreen />;
    case 'sprints':
      return <SprintsScreen />;
    case 'sprint':
      return <SprintScreen key={route.sprintId} sprintId={route.sprintId} tab={route.tab} />;
    case 'task':
      return <TaskScreen key={route.taskId} sprintId={route.sprintId} taskId={route.taskId} />;
    case 'progress':
      return <ProgressScreen />;
    case 'health':
      return <HealthScreen />;
    default:
      return (
        <>
          <h1 className="visually-hidden">Nowhere</h1>
          <Empty title="There is nothing at this address">
            <a className="button" href={linkTo({ screen: 'bridge' })}>
              To the bridge
            </a>
          </Empty>
        </>
      );
  }
};

export const App = () => {
  const place = usePlace();
  return (
    <QueryClientProvider client={queries}>
      <Shell route={place.route}>
        <Screen {...place} />
      </Shell>
    </QueryClientProvider>
  );
};
