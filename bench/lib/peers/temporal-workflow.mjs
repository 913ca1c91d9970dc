import { proxyActivities } from '@temporalio/workflow';

const { step } = proxyActivities({ startToCloseTimeout: '1 minute' });

/** What Temporal replays: so many steps, one after the other. */
export async function work(count) {
  let bytes = 0;
  for (let n = 0; n < count; n++) bytes += (await step(n)).length;
  return bytes;
}
