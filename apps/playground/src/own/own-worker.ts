import { PoliceError } from '@police/core';
import { compare } from './compare.js';
import type { FromOwn, ToOwn } from './messages.js';
import { type OwnModel, openModel } from './open.js';

let model: OwnModel | undefined;
/** Requests are dealt with one after the other. */
let queue: Promise<void> = Promise.resolve();

const reply = (message: FromOwn) => postMessage(message);

addEventListener('message', ({ data }: MessageEvent<ToOwn>) => {
  queue = queue
    .then(() => handle(data))
    .catch(error => reply({ kind: 'error', message: error instanceof Error ? error.message : `${error}` }));
});

async function handle(request: ToOwn): Promise<void> {
  if (request.kind === 'open') {
    await model?.evaluator.release();
    model = undefined;
    model = await openModel(request.bytes);
    const { evaluator, read, ends } = model;
    const count = (sizes: readonly number[]) => sizes.reduce((product, n) => product * n, 1);
    reply({
      kind: 'opened',
      model: {
        inputs: count(ends.inputShape),
        outputs: count(evaluator.outputShape),
        ...(read instanceof PoliceError ? { unread: read.message } : {}),
      },
    });
  } else if (model) {
    const { slice, shapes, output } = request;
    reply({ kind: 'compared', ...(await compare(model, slice, shapes, output)) });
  }
}
