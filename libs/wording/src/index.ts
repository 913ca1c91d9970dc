export * from './agents.js';
export * from './budgets.js';
export * from './clean.js';
export * from './roles.js';
export { again, stepText, type Tone } from './sprint-texts.js';
export * from './tell.js';
export * from './units.js';
