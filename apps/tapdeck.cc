// The program: hands the commands that need the engine to the command line.
#include "apps/ingest.h"
#include "apps/run.h"
#include "control/cli/command_line.h"

int main(int argc, char** argv) {
  return tapdeck::control::run_command_line(
      argc, argv, {.ingest = tapdeck::apps::ingest, .run = tapdeck::apps::run});
}
