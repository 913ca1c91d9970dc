/** A command that ends well if something answers there; `serve`: a server inside, which is started first. */
export const connects = (where: string, serve?: string): string => {
  const connect = `require('net').connect(${where}).on('connect', () => process.exit(0)).on('error', () => process.exit(1))`;
  return serve === undefined
    ? `node -e "${connect}"`
    : `node -e "require('net').createServer().listen(${serve}, () => ${connect})"`;
};
