#include "apps/pipeline.h"

#include <utility>

namespace tapdeck::apps {
namespace {

std::vector<engine::QueueSource> sources_of(const std::vector<engine::Port>& ports,
                                            std::uint16_t worker,
                                            std::uint16_t worker_count) {
  std::vector<engine::QueueSource> sources;
  std::size_t turn = 0;
  for (const engine::Port& port : ports) {
    for (std::uint16_t queue = 0; queue < port.options().rx_queue_count; ++queue) {
      if (turn++ % worker_count == worker) sources.push_back(engine::make_source(port, queue));
    }
  }
  return sources;
}

}  // namespace

Result<std::unique_ptr<Pipeline>> Pipeline::create(const PipelineOptions& options,
                                                   const std::vector<engine::Port>& ports,
                                                   storage::RecordIntake& intake) {
  std::unique_ptr<Pipeline> pipeline(new Pipeline(options.record_queue));
  pipeline->streams_max_ = options.worker.streams_max;
  const int socket = ports.empty() ? 0 : ports.front().socket();
  std::vector<engine::WorkerRings*> rings;
  for (std::uint16_t i = 0; i < options.worker_count; ++i) {
    engine::RingOptions ring_options = options.rings;
    ring_options.worker = i;
    ring_options.socket = socket;
    Result<engine::WorkerRings> created = engine::WorkerRings::create(ring_options);
    if (!created) return created.error();
    pipeline->rings_.push_back(std::make_unique<engine::WorkerRings>(std::move(*created)));
    rings.push_back(pipeline->rings_.back().get());

    engine::WorkerOptions worker_options = options.worker;
    worker_options.index = i;
    worker_options.socket = socket;
    worker_options.sources = sources_of(ports, i, options.worker_count);
    Result<engine::Worker> worker = engine::Worker::create(worker_options, *rings.back());
    if (!worker) return worker.error();
    pipeline->workers_.push_back(std::move(*worker));
  }
  calls::CallPlaneOptions call_options = options.calls;
  call_options.worker_count = options.worker_count;
  engine::ReassemblyOptions fragment_options = options.fragments;
  fragment_options.socket = socket;
  auto fragments = FragmentPath::create(fragment_options, options.worker, rings);
  if (!fragments) return fragments.error();
  pipeline->fragments_ = std::move(*fragments);
  // At the end of a capture all that are pending come at once.
  const std::size_t events_max = PlaneLink::kEventsMax + options.calls.events.pending_max;
  pipeline->link_ = std::make_unique<PlaneLink>(
      rings, pipeline->queues_, *pipeline->fragments_, PlaneLink::kBacklogBytesMax, events_max);
  pipeline->plane_ = calls::CallPlane::create(std::move(call_options), *pipeline->link_);
  pipeline->writer_ =
      std::make_unique<RecordWriter>(intake.writer(), rings, pipeline->queues_, pipeline->figures_);
  pipeline->keeper_ = std::make_unique<RecordKeeper>(intake, pipeline->queues_, pipeline->figures_);
  return pipeline;
}

}  // namespace tapdeck::apps
