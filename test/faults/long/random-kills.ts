import { setTimeout as wait } from 'node:timers/promises';
import { LiveEvents } from '../../harness/events.js';
import { approve, propose } from '../../harness/sprints.js';
import { expectSound, inScene } from '../survival.js';

/** A sprint of this kind tells about so many events from its approval to its end. */
const EVENTS = 55;

/**
 * One sprint in which the service is killed so many times, each time a few milliseconds after as many events as chance
 * says; then everything has to hold. Returns after which event each kill came.
 */
export const surviveKills = async (kills: number, random: () => number): Promise<string[]> => {
  const moments: string[] = [];
  await inScene(async (scene, start) => {
    let service = start();
    const plan = await propose(await service.ready, { repository: scene.repository });
    const { planId } = plan;
    await approve(await service.ready, plan);
    let after = plan.cursor;
    for (let killed = 0; killed < kills; killed += 1) {
      const count = Math.ceil((random() * EVENTS) / kills);
      const live = await LiveEvents.open(await service.ready, { sprint: planId, after });
      await live.until(() => live.events.length >= count || live.names.includes('sprint.completed'), `${count} events`);
      await wait(random() * 40);
      await service.kill();
      const last = live.events.at(-1);
      live.close();
      moments.push(last?.type ?? 'nothing');
      after = last?.cursor ?? after;
      service = start();
    }
    await expectSound(scene, service, planId);
  });
  return moments;
};
