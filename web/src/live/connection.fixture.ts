/** The stream of a page, on which a test tells what happens. Stands in for `EventSource`. */
export class Connection extends EventTarget {
  static last: Connection;
  constructor() {
    super();
    Connection.last = this;
  }
  /** `kind`: of the message; an event of the log when nothing is said. */
  tell(data: object, kind = 'message'): void {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data) }));
  }
}
