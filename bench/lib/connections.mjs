/** Connections of each peer to PostgreSQL: twice as many as their pools open when nobody says anything. */
export const CONNECTIONS = 20;
