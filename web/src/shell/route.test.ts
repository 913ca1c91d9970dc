import { describe, expect, it } from '@jest/globals';
import { linkTo, parsePlace, type Route } from './route.js';

describe('the address of a screen', () => {
  it.each<Route>([
    { screen: 'bridge' },
    { screen: 'feed' },
    { screen: 'findings' },
    { screen: 'sprints' },
    { screen: 'sprint', sprintId: 's-1', tab: 'overview' },
    { screen: 'sprint', sprintId: 's-1', tab: 'replay' },
    { screen: 'task', sprintId: 's-1', taskId: 't-1' },
    { screen: 'progress' },
    { screen: 'health' },
  ])('leads back to it: %j', (route) => {
    expect(parsePlace(linkTo(route)).route).toEqual(route);
  });

  it('carries a query', () => {
    const { query } = parsePlace(linkTo({ screen: 'sprint', sprintId: 's-1', tab: 'replay' }, { at: '120' }));
    expect(query.get('at')).toBe('120');
  });

  it.each(['#/nowhere', '#/sprints/s-1/nothing', '#/health/x', '#/%E0%A4%A'])('says that %s leads nowhere', (hash) => {
    expect(parsePlace(hash).route.screen).toBe('unknown');
  });
});
