"""One site's hostile backend, which shows each client another costly chain, costs the other sites next to nothing."""

import urllib.request

from metrics_text import read_metrics
from starvation import NAME_A, Siege

NUM_CLIENTS = 60  # whose chains keep one thread busy for minutes where nothing bounds them
NUM_OTHERS = 8


def test_a_hostile_backend_starves_no_other_site(program, tmp_path):
    with Siege(program, tmp_path, NUM_CLIENTS, NUM_OTHERS) as siege:
        figures = siege.run()
        report = f"{figures}\n{siege.running.report()}"
        assert figures.num_served == 0, report
        assert len(figures.b_waits_s) == NUM_OTHERS and figures.num_b_failed == 0, report
        assert figures.num_health_failed == 0, report
        with urllib.request.urlopen(f"http://127.0.0.1:{siege.admin}/metrics") as answer:
            metrics = read_metrics(answer.read().decode())
        # What is above the site's share is refused, and told once in a while.
        assert metrics["chainmend_backend_verdicts_refused_total"].value() > 0, report
        assert siege.running.stderr.count(f"{NAME_A}: its backends show more unknown chains") == 1, report
        assert metrics["chainmend_mend_cpu_seconds_total"].value() > 0
