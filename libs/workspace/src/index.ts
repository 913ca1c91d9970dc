export * from './path-syntax.js';
export * from './protected.js';
export * from './scope.js';
export * from './virtual-tree.js';
export { isLfsPointer } from './lfs.js';
export * from './candidate.js';
export { gate, type Verdict, type Violation } from './gate.js';
export * from './publish.js';
export * from './checkout.js';
