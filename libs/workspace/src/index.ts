export * from './path-syntax.js';
export * from './protected.js';
export * from './scope.js';
export * from './virtual-tree.js';
export { isLfsPointer } from './lfs.js';
