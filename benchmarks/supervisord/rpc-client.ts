// A client of XML-RPC that keeps its connection: one call after the other, each answer read to its end. It costs next to nothing
// itself, so that what is measured is the server.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { callBody, post } from '../../integration/supervisor/requests.ts';

export interface Caller {
  /** The answer's body, which says no fault. */
  call(): Promise<Buffer>;
  close(): void;
}

/** Calls one method without arguments, on a unix socket. */
export async function makeCaller(socket: string, method: string): Promise<Caller> {
  const connection = connect(socket);
  await once(connection, 'connect');
  const request = post(callBody(method, []));
  return {
    async call() {
      const answer = readAnswer(connection);
      connection.write(request);
      const body = await answer;
      if (body.includes('<fault>')) throw new Error(`${method}: ${body}`);
      return body;
    },
    close: () => connection.destroy(),
  };
}

function readAnswer(connection: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let size = 0;
    let wanted: number | null = null;
    const hear = (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (wanted === null) {
        const head = Buffer.concat(chunks);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        const length = /Content-Length: (\d+)/.exec(head.toString('latin1', 0, end))?.[1];
        if (!head.subarray(0, 12).equals(Buffer.from('HTTP/1.1 200')) || length === undefined)
          return finish(() => reject(new Error(`no answer: ${head.toString('latin1', 0, end)}`)));
        chunks = [head];
        wanted = end + 4 + Number(length);
      }
      if (size >= wanted) {
        const body = Buffer.concat(chunks);
        finish(() => resolve(body.subarray(body.indexOf('\r\n\r\n') + 4)));
      }
    };
    const ended = () => finish(() => reject(new Error('the server has closed the connection')));
    const finish = (then: () => void) => {
      connection.off('data', hear);
      connection.off('close', ended);
      then();
    };
    connection.on('data', hear);
    connection.on('close', ended);
  });
}
