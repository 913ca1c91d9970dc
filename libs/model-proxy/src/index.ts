export { fetchThrough } from './fetch-through.js';
export type { ModelGrant, Prices, ProviderName } from './grant.js';
export { parseBaseUrl, parseHost, sameHost, shownHost, type BaseUrl, type Host } from './host.js';
export { CALL_LIMITS, ModelCalls, type CallLimits, type CallPorts } from './model-calls.js';
export { ModelProxy } from './model-proxy.js';
export { PinnedHost } from './pinned-host.js';
export { RegistryProxy, type RegistryTerms } from './registry-proxy.js';
export type { CallUsage } from './tokens.js';
