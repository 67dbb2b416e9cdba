"""All tables of a report, in the order in which they are read."""

from ablate import escaping
from ablate.report import naming, sentences
from ablate.report.tables import beside, contrasts, per_arm, retuned, study, verdicts
from ablate.report.tables.rendering import markdown
from ablate.report.tables.table import Table
from ablate.results.analysis import Analysis


def every(analysis: Analysis) -> list[Table]:
    """The tables that a report has something for: that of verdicts first, then the arms, then what stands beside them."""
    judged = [verdicts.table(analysis)] if analysis.question.judged else []
    found = [
        retuned.table(analysis),
        *judged,
        per_arm.table(analysis),
        per_arm.costs(analysis),
        contrasts.table(analysis),
        contrasts.shapley(analysis),
        retuned.tuning(analysis),
        beside.published(analysis),
        study.confounds(analysis),
        study.noise(analysis),
        beside.reach(analysis),
        beside.p_values(analysis),
        study.environment(analysis),
    ]
    return [table for table in found if table is not None]


def markdown_file(analysis: Analysis) -> str:
    """All tables as one Markdown file, with the sentences that read the verdicts under the first."""
    parts = [f"# {escaping.markdown(naming.title(analysis.results))}\n"]
    for table in every(analysis):
        lines = [f"## {escaping.markdown(table.title)}\n\n{markdown(table.text, table.words)}"]
        if table.name == verdicts.NAME:
            lines.append("".join(f"- {escaping.markdown(line)}\n" for line in sentences.sentences(analysis)))
        lines.append("".join(f"- {escaping.markdown(line)}\n" for line in table.notes))
        parts += [line for line in lines if line]
    return "\n".join(parts)
