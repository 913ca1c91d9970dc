/** Connections of each peer to PostgreSQL. Of 10, 20 and 64, what each was fastest with on two cores. */
export const CONNECTIONS = 20;
