import pc from 'picocolors';

export { bytes, duration, plural, short } from '#wording';

/** Colours, or the same functions without them. */
export type Style = ReturnType<typeof pc.createColors>;

export const styleFor = (colours: boolean): Style => pc.createColors(colours);
export const plain: Style = styleFor(false);
