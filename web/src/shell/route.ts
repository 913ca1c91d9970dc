import { useSyncExternalStore } from 'react';

/** Where in the ship somebody is. It stands behind the # of the address, so that every screen can be linked to. */
export type Route =
  | { readonly screen: 'bridge' }
  | { readonly screen: 'feed' }
  | { readonly screen: 'findings' }
  | { readonly screen: 'sprints' }
  | { readonly screen: 'sprint'; readonly sprintId: string; readonly tab: SprintTab }
  | { readonly screen: 'task'; readonly sprintId: string; readonly taskId: string }
  | { readonly screen: 'progress' }
  | { readonly screen: 'health' }
  | { readonly screen: 'unknown'; readonly path: string };

export const SPRINT_TABS = ['overview', 'plan', 'replay', 'report'] as const;
export type SprintTab = (typeof SPRINT_TABS)[number];

export interface Place {
  readonly route: Route;
  readonly query: URLSearchParams;
}

const ROOMS = ['feed', 'sprints', 'findings', 'progress', 'health'] as const;
const isRoom = (name: string): name is (typeof ROOMS)[number] => (ROOMS as readonly string[]).includes(name);
const isTab = (tab: string): tab is SprintTab => (SPRINT_TABS as readonly string[]).includes(tab);

export const parsePlace = (hash: string): Place => {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const query = new URLSearchParams(search);
  const [first = '', id, second, third] = path.split('/').map(decoded);
  if (first === '') return { route: { screen: 'bridge' }, query };
  if (id === undefined && isRoom(first)) return { route: { screen: first }, query };
  if (first === 'sprints' && id !== undefined) {
    if (second === 'tasks' && third !== undefined)
      return { route: { screen: 'task', sprintId: id, taskId: third }, query };
    const tab = second ?? 'overview';
    if (isTab(tab)) return { route: { screen: 'sprint', sprintId: id, tab }, query };
  }
  return { route: { screen: 'unknown', path }, query };
};

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

const pathOf = (route: Route): string => {
  switch (route.screen) {
    case 'bridge':
      return '';
    case 'sprint':
      return `sprints/${route.sprintId}${route.tab === 'overview' ? '' : `/${route.tab}`}`;
    case 'task':
      return `sprints/${route.sprintId}/tasks/${route.taskId}`;
    case 'unknown':
      return route.path;
    default:
      return route.screen;
  }
};

/** The address of a screen, for `href`. */
export const linkTo = (route: Route, query: Readonly<Record<string, string>> = {}): string => {
  const search = new URLSearchParams(query).toString();
  return `#/${pathOf(route)}${search === '' ? '' : `?${search}`}`;
};

export const go = (route: Route, query?: Readonly<Record<string, string>>): void => {
  location.hash = linkTo(route, query);
};

/** Changes the query of this screen without a new entry in the history of the browser. */
export const setQuery = (query: Readonly<Record<string, string>>): void => {
  const { route } = parsePlace(location.hash);
  history.replaceState(null, '', linkTo(route, query));
  dispatchEvent(new HashChangeEvent('hashchange'));
};

const subscribe = (listener: () => void) => {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
};

let known: { readonly hash: string; readonly place: Place } | undefined;
const current = (): Place => {
  if (known?.hash !== location.hash) known = { hash: location.hash, place: parsePlace(location.hash) };
  return known.place;
};

export const usePlace = (): Place => useSyncExternalStore(subscribe, current);
