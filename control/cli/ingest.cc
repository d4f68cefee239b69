#include <utility>

#include "control/cli/commands.h"

namespace tapdeck::control {
namespace {

constexpr std::uint32_t kQueuesMax = 16;

constexpr const char* kIngestFooter =
    "Takes pcap and pcapng, plain or .gz/.zst, with Ethernet, Linux cooked, raw IP or null/loop\n"
    "links. A call that is already stored and final is left as it is (already_present), so the\n"
    "same file can be given twice; one that was erased stays so, and is counted (erased).\n"
    "A truncated file is taken up to the cut (exit status 3).\n"
    "While `run` owns the store the calls go through it, beside the live capture.\n"
    "\n"
    "Examples:\n"
    "  tapdeck --store /srv/store ingest monday.pcapng.zst\n"
    "  tapdeck --store /srv/store ingest east.pcap west.pcap --queues 4 --json";

}  // namespace

void add_ingest_command(CLI::App& app, Context& context) {
  auto request = std::make_shared<IngestRequest>();
  CLI::App* command = app.add_subcommand(
      "ingest",
      "Record the calls of capture files.\n"
      "All files of one command are one stream of packets, merged by time; the same files always\n"
      "give the same records.");
  command->footer(kIngestFooter);
  command->add_option("files", request->files, "Capture files")->required()->type_name("FILE");
  command
      ->add_option("--queues",
                   request->queue_count,
                   "Spread the packets over this many ring queues, as RSS would")
      ->check(CLI::Range(1U, kQueuesMax))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--class", request->retention_class, "Retention class of the recordings")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_flag("--json", request->json, "The summary as one JSON object");
  command->add_flag("--streams", request->streams, "List every RTP stream in the summary");
  command->callback([request, &context] {
    request->global = context.global;
    context.exit_status = context.bodies.ingest(*request);
  });
}

}  // namespace tapdeck::control
