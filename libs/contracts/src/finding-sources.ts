// Apart from the schemas: whoever needs these alone, as the browser does, gets by without their library.

/** Where findings come from. */
export const FINDING_SOURCES = ['todo', 'lint', 'links', 'markdown', 'spelling', 'coverage'] as const;
