import { HyperRunError } from '#contracts';
import type { ModelGrant } from './grant.js';
import type { Endpoint } from './providers.js';
import { isObject } from './tokens.js';

type Json = Readonly<Record<string, unknown>>;

export interface OutgoingBody {
  readonly bytes: Buffer;
  /** What was asked for and left out. */
  readonly removed: readonly string[];
}

/**
 * The body as it goes to the provider: for the granted model, asking for the count of tokens, and without what the provider
 * would do besides answering (search the web, run programs, call other services): a way out beside the one that was granted.
 * @throws HyperRunError model.request-malformed, model.request-refused: content that the provider would fetch
 */
export const outgoingBody = (grant: ModelGrant, endpoint: Endpoint, bytes: Buffer): OutgoingBody => {
  const body = objectIn(bytes);
  const { kept, removed } = withoutServices(body);
  const address = remoteContent(kept);
  if (address !== undefined)
    throw new HyperRunError(
      'model.request-refused',
      `The provider would fetch ${JSON.stringify(address.slice(0, 200))}. Send the content itself.`,
    );
  const model = grant.provider === 'google' ? {} : { model: grant.model };
  const counted =
    endpoint.usageOnRequest === true && body['stream'] === true
      ? { stream_options: { ...(isObject(body['stream_options']) ? body['stream_options'] : {}), include_usage: true } }
      : {};
  return { bytes: Buffer.from(JSON.stringify({ ...kept, ...model, ...counted })), removed };
};

const objectIn = (bytes: Buffer): Json => {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (isObject(value)) return value;
  } catch (cause) {
    throw new HyperRunError('model.request-malformed', 'The body is not JSON in UTF-8.', {}, 'caller', { cause });
  }
  throw new HyperRunError('model.request-malformed', 'The body is not a JSON object.');
};

/** Other servers, other models, work that goes on after the answer. */
const SERVICES = ['mcp_servers', 'web_search_options', 'container', 'plugins', 'models', 'background', 'cachedContent'];
/** Tools that the agent carries out itself. All others run at the provider, and may call whom they like. */
const OWN_TOOL =
  /^(?:function|custom|local_shell|apply_patch|(?:bash|text_editor|computer|memory)_\d+|tool_search_tool_\w+)$/;

const withoutServices = (body: Json): { readonly kept: Json; readonly removed: string[] } => {
  const services = SERVICES.filter((name) => isAsked(body[name]));
  const tools = ownParts(body['tools']);
  const items = Array.isArray(body['input']) ? body['input'].map(ownItem) : [];
  const removed = [...services, ...tools.removed, ...items.flatMap((item) => item.removed)];
  if (removed.length === 0) return { kept: body, removed };
  const kept = Object.fromEntries(Object.entries(body).filter(([name]) => !services.includes(name)));
  const input = items.length === 0 ? {} : { input: items.map((item) => item.kept) };
  return { kept: { ...kept, ...input, tools: tools.kept.length === 0 ? undefined : tools.kept }, removed };
};

const ownParts = (tools: unknown): { readonly kept: readonly unknown[]; readonly removed: readonly string[] } => {
  const parts = Array.isArray(tools) ? tools.map(ownPart) : [];
  const kept = parts.flatMap((part) => (part.kept === undefined ? [] : [part.kept]));
  return { kept, removed: parts.flatMap((part) => part.removed) };
};

/** What was said so far may bring further tools with it. */
const ownItem = (item: unknown): { readonly kept: unknown; readonly removed: readonly string[] } => {
  if (!isObject(item) || !Array.isArray(item['tools'])) return { kept: item, removed: [] };
  const { kept, removed } = ownParts(item['tools']);
  return { kept: { ...item, tools: kept }, removed };
};

const isAsked = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0);

/** Google names the tools of a list by their fields, the others each by its type; without one it is the agent's own. */
const ownPart = (tool: unknown): { readonly kept?: unknown; readonly removed: readonly string[] } => {
  if (!isObject(tool)) return { removed: ['?'] };
  if (typeof tool['type'] === 'string') {
    const type = tool['type'];
    if (type === 'namespace') return ownNamespace(tool);
    return OWN_TOOL.test(type) ? { kept: tool, removed: [] } : { removed: [type.slice(0, 80)] };
  }
  if ('name' in tool || 'function' in tool) return { kept: tool, removed: [] };
  const isOwn = (name: string) => /^function_?declarations$/i.test(name);
  const own = Object.entries(tool).filter(([name]) => isOwn(name));
  const others = Object.keys(tool).filter((name) => !isOwn(name));
  return { ...(own.length > 0 && { kept: Object.fromEntries(own) }), removed: others.map((name) => name.slice(0, 80)) };
};

/** Tools under one name, of which each is judged by itself. */
const ownNamespace = (tool: Json): ReturnType<typeof ownPart> => {
  const { kept, removed } = ownParts(tool['tools']);
  return kept.length === 0 ? { removed: [...removed, 'namespace'] } : { kept: { ...tool, tools: kept }, removed };
};

/** Where content may be named by its address instead of being there. */
const BY_ADDRESS = /^(?:image_?url|video_?url|audio_?url|file_?url|file_?uri|url)$/i;
/** What agents and models tell one another is no order to the provider. */
const NOT_CONTENT =
  /^(?:args|arguments|parameters|input_schema|tools|functions|function_?call|function_?response|response_format|metadata)$/i;
const DEEPEST = 40;

const remoteContent = (value: unknown, name = '', depth = 0): string | undefined => {
  if (typeof value === 'string') return BY_ADDRESS.test(name) && !value.startsWith('data:') ? value : undefined;
  if (depth > DEEPEST) return 'content that is nested too deeply to be read';
  if (Array.isArray(value)) return firstOf(value, (one) => remoteContent(one, name, depth + 1));
  if (!isObject(value)) return undefined;
  const isCall = value['type'] === 'tool_use';
  return firstOf(Object.entries(value), ([key, one]) =>
    NOT_CONTENT.test(key) || (isCall && key === 'input') ? undefined : remoteContent(one, key, depth + 1),
  );
};

const firstOf = <Item>(items: readonly Item[], find: (item: Item) => string | undefined): string | undefined => {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
};
