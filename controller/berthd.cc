#include "controller/app/app.h"

int main(int argc, char** argv) { return berth::app::run_daemon(argc, argv); }
