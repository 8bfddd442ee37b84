#include <exception>
#include <iostream>

#include "cli/app.h"

int main(int argc, char** argv) {
  try {
    auto io = berth::cli::process_io();
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    return berth::cli::run_berthctl(arguments, io);
  } catch (const std::exception& error) {
    std::cerr << "berthctl: error: " << error.what() << "\n";
    return 1;
  }
}
