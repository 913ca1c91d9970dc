export default () => globalThis.removeTools?.();
