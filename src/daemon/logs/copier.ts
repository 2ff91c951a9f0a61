// A thread that copies, compares and compresses logs, so that neither the disk nor a large log can hold up hostd. It gets open
// files, never a path, and keeps only the rights of the log's owner: the owner's quota and the disk's reserve apply.

import { fdatasyncSync, fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { errnoOf, messageOf } from '../../errors.ts';
import { native } from '../../native/index.ts';
import { beginsWith, type Cut, copyBytes, cutOf } from './copying.ts';

export type Job = { readonly uid: number; readonly gid: number } & (
  | {
      readonly kind: 'copy';
      readonly log: number;
      /** null: the bytes are dropped. */
      readonly copy: number | null;
      /** Block size of the file system, in bytes. */
      readonly block: number;
      /** Bytes from the end that are copied at most. */
      readonly keep: number;
      /** Whether all but the last bytes are copied, which follow while the writers are stopped; else as much as can be collapsed. */
      readonly toTheEnd: boolean;
    }
  | { readonly kind: 'compare'; readonly log: number; readonly copy: number }
  | { readonly kind: 'compress'; readonly from: number; readonly to: number }
);

export type Order = 'collapse' | 'copy-on';

export type Report =
  /** The copy has the log's bytes from `start` to `end`. `whole`: the log may be collapsed there. */
  | { readonly kind: 'copied'; readonly start: number; readonly end: number; readonly whole: boolean }
  | { readonly kind: 'collapsed' }
  | { readonly kind: 'compared'; readonly same: boolean }
  | { readonly kind: 'compressed' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** Bytes: a log with no line end where it can be cut is cut within a line only above this size. */
const smallLog = 8 * 1024 * 1024;
/** Bytes that are left to copy while the writers are stopped, at most, if the writers are not too fast. */
const shortRest = 256 * 1024;
const mostRounds = 5;
/** Bytes that are compressed at once. Each piece is a member of its own (RFC 1952, 2.2). */
const member = 1024 * 1024;
const copyingNice = 5;
const compressingNice = 19;

if (parentPort !== null) work(workerData as Job, parentPort);

function work(job: Job, port: MessagePort): void {
  const report = (message: Report) => port.postMessage(message);
  const attempt = (action: () => Report) => {
    try {
      report(action());
    } catch (error) {
      report({ kind: 'failed', code: errnoOf(error) ?? 'failed', message: messageOf(error) });
    }
  };
  attempt(() => {
    native.lowerThread(job.uid, job.gid, job.kind === 'compress' ? compressingNice : copyingNice);
    switch (job.kind) {
      case 'copy': {
        const done = copy(job);
        let { end } = done;
        port.on('message', (order: Order) =>
          attempt(() => {
            if (order === 'collapse') {
              native.collapse(job.log, end);
              return { kind: 'collapsed' };
            }
            end = copyToTheEnd(job, done.start, end);
            return { ...done, end };
          }),
        );
        return done;
      }
      case 'compare':
        return { kind: 'compared', same: beginsWith(job.log, job.copy) };
      case 'compress':
        compress(job.from, job.to);
        return { kind: 'compressed' };
    }
  });
}

type CopyJob = Job & { readonly kind: 'copy' };

function copy(job: CopyJob): Report & { kind: 'copied' } {
  const { size } = fstatSync(job.log);
  const start = Math.max(0, Math.floor((size - job.keep) / job.block) * job.block);
  const cut: Cut = job.toTheEnd ? { at: 0, wholeLine: false } : cutOf(job.log, size, job.block);
  const whole = cut.at > start && (cut.wholeLine || size > smallLog);
  const end = whole ? cut.at : copyToTheEnd(job, start, start);
  if (whole) copyPart(job, start, start, end);
  return { kind: 'copied', start, end, whole };
}

/** Copies round by round, since the log grows meanwhile. Returns where it stopped. */
function copyToTheEnd(job: CopyJob, start: number, from: number): number {
  let end = from;
  for (let round = 0; round < mostRounds; round++) {
    const { size } = fstatSync(job.log);
    if (size < end || (round > 0 && size - end < shortRest)) break;
    copyPart(job, start, end, size);
    end = size;
  }
  return end;
}

/** Writes to the disk before anything is taken out of the log: a power failure must not lose what was safe. */
function copyPart({ log, copy }: CopyJob, start: number, from: number, to: number): void {
  if (copy === null) return;
  copyBytes(log, from, to, copy, from - start);
  // The last bytes may be a hole, which no write has made part of the file.
  ftruncateSync(copy, to - start);
  fdatasyncSync(copy);
}

function compress(from: number, to: number): void {
  const buffer = Buffer.allocUnsafe(member);
  for (let position = 0; ; ) {
    const length = readSync(from, buffer, 0, member, position);
    if (length === 0) break;
    position += length;
    const packed = gzipSync(buffer.subarray(0, length));
    for (let done = 0; done < packed.length; ) done += writeSync(to, packed, done);
  }
  fdatasyncSync(to);
}
