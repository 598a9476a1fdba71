"""The peer of `companion bench turn`: pipecat 1.14 with stages that only sleep, run by the Python of its own venv.

python pipecat_server.py ASR_SECONDS CHAT_SECONDS [PACE_SECONDS] PORT      with a pace: a long reply, piece by piece

Binary frames are PCM16LE at 16 kHz; the texts "start" and "stop" are the VAD's. Deltas go out as urgent messages:
others would wait behind pipecat's audio clock. It keeps nothing; RTVI and the log are off. With PIPECAT_VAD in the
environment its own Silero analyser hears every frame, one analyser a session as it is made; the ends of speech are the
client's all the same, since an exact end is measured from.
"""

import asyncio
import os
import sys

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    InputAudioRawFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    OutputTransportMessageUrgentFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.serializers.base_serializer import FrameSerializer
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import SegmentedSTTService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.turns.user_start import VADUserTurnStartStrategy
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.utils.time import time_now_iso8601
from pipecat.workers.runner import WorkerRunner

ASR_S, CHAT_S, PORT = float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[-1])
PACE_S = float(sys.argv[3]) if len(sys.argv) > 4 else None
PIECES = [text[n : n + 2] for text in ("嗯，我在听。你慢慢说。",) for n in range(0, len(text), 2)]
PIECES = PIECES if PACE_S is None else PIECES * 250


class Wire(FrameSerializer):
    async def serialize(self, frame):
        return frame.message if isinstance(frame, OutputTransportMessageUrgentFrame) else None

    async def deserialize(self, data):
        if isinstance(data, bytes):
            return InputAudioRawFrame(audio=data, sample_rate=16_000, num_channels=1)
        return VADUserStartedSpeakingFrame() if data == "start" else VADUserStoppedSpeakingFrame()


class Hearing(FrameProcessor):
    def __init__(self):
        super().__init__()
        self._analyzer = SileroVADAnalyzer(sample_rate=16_000)
        self._analyzer.set_sample_rate(16_000)

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            await self._analyzer.analyze_audio(frame.audio)


class SleepingSTT(SegmentedSTTService):
    def __init__(self):
        super().__init__(
            trailing_silence_secs=0.0, ttfs_p99_latency=0.0, settings=STTSettings(model="sleep", language=None)
        )

    @property
    def wants_wav_segments(self):
        return False

    async def run_stt(self, audio):
        await asyncio.sleep(ASR_S)
        yield TranscriptionFrame("今天天气还行。", "user", time_now_iso8601(), finalized=True)


class SleepingLLM(FrameProcessor):
    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        await self.push_frame(LLMFullResponseStartFrame())
        await asyncio.sleep(CHAT_S)
        for piece in PIECES:
            await self.push_frame(OutputTransportMessageUrgentFrame(message=f"delta {piece}"))
            await self.push_frame(LLMTextFrame(piece))
            if PACE_S is not None:
                await asyncio.sleep(PACE_S)
        await self.push_frame(LLMFullResponseEndFrame())
        await self.push_frame(OutputTransportMessageUrgentFrame(message="done"))


app = FastAPI()


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.websocket("/ws")
async def session(socket: WebSocket):
    await socket.accept()
    transport = FastAPIWebsocketTransport(
        socket, FastAPIWebsocketParams(serializer=Wire(), audio_in_enabled=True, audio_out_enabled=False)
    )
    turns = UserTurnStrategies(
        start=[VADUserTurnStartStrategy()], stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.0)]
    )
    hearing = [Hearing()] if os.environ.get("PIPECAT_VAD") else []
    context = LLMContextAggregatorPair(LLMContext(), user_params=LLMUserAggregatorParams(user_turn_strategies=turns))
    worker = PipelineWorker(
        Pipeline(
            [
                transport.input(),
                *hearing,
                SleepingSTT(),
                context.user(),
                SleepingLLM(),
                transport.output(),
                context.assistant(),
            ]
        ),
        params=PipelineParams(audio_in_sample_rate=16_000),
        enable_rtvi=False,
        idle_timeout_secs=None,
    )

    @transport.event_handler("on_client_disconnected")
    async def gone(_transport, _socket):
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


async def main():
    config = uvicorn.Config(
        app, host="127.0.0.1", port=PORT, ws="websockets-sansio", log_level="warning", timeout_graceful_shutdown=2
    )
    await uvicorn.Server(config).serve()


logger.remove()
asyncio.run(main())
