export { findTool, type FindToolOptions } from './find-tool.js';
export { type Log, type Tool, type ToolName } from './tool.js';
export { halfWritten } from './half-written.js';
export { cacheDirectory, dataDirectory, toolCache } from './xdg.js';
export { startRedis, type RedisHandle, type StartRedisOptions } from './start-redis.js';
export { checkRedis, type Durability, type RedisCall, type RedisPromise, type RedisProblem } from './check-redis.js';
export { deadSockets, socketDirectory } from './socket-directory.js';
