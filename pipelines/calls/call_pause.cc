// Pauses of a call's recording.
#include "pipelines/calls/call.h"

namespace tapdeck::calls {

bool Call::pause(const RecordingPause& pause) {
  if (live_.pause || live_.ended) return false;
  live_.pause = pause;
  if (muted_) return true;
  tell(BindOperation::kPause, pause.since_ns);
  context_.sink.tell_pause(live_.uid, PauseChange::kPaused, pause.since_ns);
  if (answer_told_) put_record(false);  // a restart must know of it
  return true;
}

bool Call::resume_recording(std::int64_t time_ns) {
  if (!live_.pause || live_.ended) return false;
  end_pause(PauseChange::kResumed, time_ns);
  return true;
}

void Call::end_pause(PauseChange change, std::int64_t time_ns) {
  live_.pause.reset();
  if (muted_) return;
  tell(BindOperation::kResume, time_ns);
  context_.sink.tell_pause(live_.uid, change, time_ns);
  if (answer_told_) put_record(false);
}

}  // namespace tapdeck::calls
