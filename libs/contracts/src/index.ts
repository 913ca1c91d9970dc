export * from './ids.js';
export * from './plan.js';
export * from './approved-part.js';
export * from './events.js';
export * from './recorded.js';
export * from './envelope.js';
export * from './errors.js';
export * from './masking.js';
