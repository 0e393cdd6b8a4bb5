#include "ziggy/config/load.hpp"

#include <algorithm>

#include "check.hpp"
#include "definitions.hpp"
#include "dotenv.hpp"
#include "parse.hpp"
#include "ziggy/base/redact.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::config {

namespace {

struct Raw {
  std::string text;
  Source source = Source::Default;
  std::string origin{source_name(Source::Default)};
};

/// The path of a webhook is its credential: as a whole, and each part that is no plain word.
template <class Remember>
void remember_path(std::string_view path, Remember&& remember) {
  remember(std::string{path});
  while (!path.empty()) {
    const std::size_t end = std::min(path.find_first_of("/?&="), path.size());
    const std::string_view part = path.substr(0, end);
    const bool is_word =
        std::ranges::all_of(part, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
    if (part.size() >= (is_word ? 16U : 8U)) remember(std::string{part});
    path.remove_prefix(std::min(path.size(), end + 1));
  }
}

/// Gathers the layers, then turns the winners into Settings.
class Loader {
 public:
  explicit Loader(const Sources& sources) : sources_{sources}, raws_(definitions().size()) {}

  Result<Loaded> run() {
    if (sources_.toml) read_file(Source::Toml, *sources_.toml);
    if (sources_.dotenv) read_file(Source::DotEnv, *sources_.dotenv);
    for (const auto& [name, text] : sources_.environment) read_variable(name, text);
    for (const auto& [name, text] : sources_.command_line) read_option(name, text);
    loaded_.settings.demo = sources_.demo;
    apply_all();
    check_rules(loaded_.settings, problems_, loaded_.warnings);
    return finish();
  }

 private:
  static std::size_t index_of(const Definition& definition) {
    return static_cast<std::size_t>(&definition - definitions().data());
  }

  void read_file(Source source, const TextFile& file) {
    Parsed parsed = source == Source::Toml ? parse_toml(file.text, file.path)
                                           : parse_dotenv(file.text, file.path);
    std::ranges::move(parsed.problems, std::back_inserter(problems_));
    for (Entry& entry : parsed.entries) {
      const std::string name = source == Source::Toml ? text::upper(entry.name) : entry.name;
      if (const Definition* definition = find_definition(name)) {
        set(*definition, source, std::move(entry.text),
            fmt::format("{} line {}", file.path, entry.line));
      } else {
        warn_unknown(fmt::format("{} line {}", file.path, entry.line), entry.name, source);
      }
    }
  }

  void warn_unknown(std::string_view where, std::string_view name, Source source) {
    const auto near = text::nearest(text::upper(name), setting_names());
    std::string hint;
    if (near) {
      hint = fmt::format(" (did you mean {}?)",
                         source == Source::Toml ? text::lower(*near) : std::string{*near});
    }
    loaded_.warnings.push_back(
        fmt::format("{}: {} is not a setting{}", where, in_quotes(name), hint));
  }

  void read_variable(const std::string& name, const std::string& text) {
    if (const Definition* definition = find_definition(name)) {
      set(*definition, Source::Environment, text, std::string{source_name(Source::Environment)});
      return;
    }
    // The environment is full of names that are not ours: only near misses of long ones are ours.
    constexpr std::size_t kLengthMin = 7;
    constexpr std::size_t kDistanceMax = 2;
    if (name.size() < kLengthMin || name.size() > 64) return;
    const auto near = text::nearest(name, setting_names());
    if (near && near->size() >= kLengthMin && near->front() == name.front() &&
        text::edit_distance(name, *near) <= kDistanceMax) {
      warn_unknown(source_name(Source::Environment), name, Source::Environment);
    }
  }

  void read_option(const std::string& name, const std::string& text) {
    const Definition* definition = find_definition(text::upper(name));
    if (definition == nullptr) {
      problems_.push_back({"--set", "unknown",
                           fmt::format("{} is not a setting{}", in_quotes(name),
                                       did_you_mean(text::upper(name), setting_names()))});
      return;
    }
    if (definition->mask == Mask::Whole) {
      remember_secrets(*definition, text);
      problems_.push_back(
          {std::string{definition->name}, "insecure",
           "is a secret, and command lines can be read by every user of the machine: "
           "use the environment or a file"});
      return;
    }
    set(*definition, Source::CommandLine, text, std::string{source_name(Source::CommandLine)});
  }

  void set(const Definition& definition, Source source, std::string text, std::string origin) {
    text = std::string{text::trim(text)};
    remember_secrets(definition, text);
    raws_[index_of(definition)] =
        text.empty() ? Raw{} : Raw{std::move(text), source, std::move(origin)};
  }

  void remember_secrets(const Definition& definition, std::string_view text) {
    if (definition.mask == Mask::None || text.empty()) return;
    const auto remember = [&](std::string secret) {
      if (!secret.empty()) loaded_.secrets.emplace_back(std::move(secret));
    };
    if (definition.mask == Mask::Whole) {
      remember(std::string{text});
      // Each of a list of keys; and of a webhook the path, which messages may name without its
      // host.
      for (const std::string_view part : text::split_list(text)) remember(std::string{part});
      const std::size_t host = text.find("://");
      const std::size_t path = host == std::string_view::npos ? host : text.find('/', host + 3);
      if (path != std::string_view::npos) remember_path(text.substr(path), remember);
      return;
    }
    for (const std::string_view url : text::split_list(text)) {
      std::ranges::for_each(url_passwords(url), remember);
    }
    // A URL that cannot be read (a password with a bare `/`, say) holds its secret all the same.
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos) return;
    const std::size_t scheme = text.find("://");
    const std::size_t user = scheme == std::string_view::npos ? 0 : scheme + 3;
    const std::size_t colon = text.find(':', user);
    if (mask_url(text) == "***" && colon < at) {
      remember(std::string{text});
      remember(std::string{text.substr(colon + 1, at - colon - 1)});
    }
  }

  /// Defaults that depend on other settings.
  void derive(std::string_view name, Raw& raw) {
    const Settings& settings = loaded_.settings;
    if (name == "DATABASE_URL") {
      raw.text = "sqlite:///" + (settings.data_dir / "ziggy.db").string();
    } else if (name == "API_THREADS") {
      raw.text = fmt::format("{}", std::clamp(sources_.cores, 1U, 1024U));
    } else if (name == "DOCS_ENABLED") {
      raw.text = settings.environment == Environment::Production ? "false" : "true";
    } else if (name == "FILE_DIR") {
      raw.text = (settings.data_dir / "files").string();
    }
  }

  /// The chains come last: their defaults ask who has keys.
  void derive_chain(std::string_view name, Raw& raw) const {
    if (!raw.text.empty()) return;
    if (loaded_.settings.demo) {
      raw.text = name == "PROVIDERS_PRICES" ? "sim,file" : "sim";
      return;
    }
    if (loaded_.settings.has_keys(Vendor::Polygon)) raw.text += "polygon,";
    if (loaded_.settings.has_keys(Vendor::Alpaca)) raw.text += "alpaca,";
    raw.text += "yahoo";
  }

  void apply(const Definition& definition) {
    Raw& raw = raws_[index_of(definition)];
    if (raw.text.empty()) return;
    if (const Result<> applied = definition.apply(loaded_.settings, raw.text); !applied) {
      problems_.push_back({std::string{definition.name}, "malformed",
                           fmt::format("{} ({})", applied.error().detail(), raw.origin)});
    }
  }

  void apply_all() {
    const auto is_chain = [](const Definition& definition) {
      return definition.name.starts_with("PROVIDERS_");
    };
    for (const Definition& definition : definitions()) {
      if (is_chain(definition)) continue;
      Raw& raw = raws_[index_of(definition)];
      if (raw.text.empty()) raw.text = definition.fallback;
      if (raw.text.empty()) derive(definition.name, raw);
      apply(definition);
    }
    for (const Definition& definition : definitions()) {
      if (!is_chain(definition)) continue;
      derive_chain(definition.name, raws_[index_of(definition)]);
      apply(definition);
    }
  }

  static std::string shown(const Definition& definition, const std::string& text) {
    if (text.empty() || definition.mask == Mask::None) return text;
    if (definition.mask == Mask::Whole) return "***";
    if (text.starts_with("sqlite:")) return text;
    std::string out;
    for (const std::string_view url : text::split_list(text)) {
      out += (out.empty() ? "" : ",") + mask_url(url);
    }
    return out;
  }

  Result<Loaded> finish() {
    const Redactor redactor{loaded_.secrets};
    for (std::string& warning : loaded_.warnings) warning = redactor.redact(warning);
    if (!problems_.empty()) {
      std::string detail = fmt::format("{} problem{} with the settings", problems_.size(),
                                       problems_.size() == 1 ? "" : "s");
      for (std::size_t i = 0; i < problems_.size(); ++i) {
        FieldError& problem = problems_[i];
        problem.field = redactor.redact(problem.field);
        problem.message = redactor.redact(problem.message);
        detail += fmt::format("{}{} {}", i == 0 ? ": " : "; ", problem.field, problem.message);
      }
      return fail(Error{ErrorCode::Configuration, detail}.with_fields(std::move(problems_)));
    }
    for (const Definition& definition : definitions()) {
      Raw& raw = raws_[index_of(definition)];
      loaded_.values.push_back({definition.name, raw.source, raw.origin, raw.text,
                                redactor.redact(shown(definition, raw.text)),
                                definition.mask == Mask::Whole});
    }
    return std::move(loaded_);
  }

  const Sources& sources_;
  std::vector<Raw> raws_;
  std::vector<FieldError> problems_;
  Loaded loaded_;
};

}  // namespace

std::string_view source_name(Source source) noexcept {
  switch (source) {
    case Source::Default:
      return "default";
    case Source::Toml:
      return "ziggy.toml";
    case Source::DotEnv:
      return ".env";
    case Source::Environment:
      return "environment";
    case Source::CommandLine:
      return "command line";
  }
  return "default";
}

Result<Loaded> load(const Sources& sources) { return Loader{sources}.run(); }

}  // namespace ziggy::config
