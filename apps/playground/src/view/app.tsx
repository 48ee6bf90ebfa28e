import { isOwnOpen } from '../state/own.js';
import { message } from '../state/store.js';
import { Header } from './opening/header.js';
import { Presets } from './opening/presets.js';
import { Tour } from './opening/tour.js';
import { OwnDrop } from './own/own-drop.js';
import { OwnStage } from './own/own-stage.js';
import { Controls } from './settings/controls.js';
import { TrainingStage } from './training/training-stage.js';

export function App() {
  return (
    <>
      <Header />
      {message.value && <Message text={message.value} />}
      {isOwnOpen.value ? (
        <main class="own-main">
          <OwnStage />
        </main>
      ) : (
        <main>
          <div class="stage">
            <Presets />
            <Tour />
            <TrainingStage />
            <OwnDrop />
          </div>
          <Controls />
        </main>
      )}
    </>
  );
}

function Message({ text }: { readonly text: string }) {
  return (
    <div class="message" role="alert">
      <span>{text}</span>
      <button
        type="button"
        aria-label="Dismiss"
        onClick={() => {
          message.value = undefined;
        }}
      >
        ×
      </button>
    </div>
  );
}
